import {
  isPublic,
  type PreviewNetwork,
} from "../../src/messages/preview_network.ts";

/** A web site on this machine, which a service with this network takes for one on the internet. */
export interface WebPage extends AsyncDisposable {
  /** `http://page.example:port/`: its name leads to this machine. */
  readonly url: string;
  readonly port: number;
  readonly network: PreviewNetwork;
  readonly asked: { readonly url: string; readonly headers: Headers }[];
  /** Where names lead; any other is not known. */
  readonly names: Map<string, string[]>;
}

/** The one address of this machine that counts as public. */
export const known = "127.0.0.1";

const page = () =>
  new Response("<title>A page</title>", {
    headers: { "content-type": "text/html" },
  });

export function webPage(
  answer: (request: Request) => Response | Promise<Response> = page,
): WebPage {
  const asked: WebPage["asked"] = [];
  const names = new Map([["page.example", [known]]]);
  const server = Deno.serve(
    { port: 0, hostname: known, onListen() {} },
    (request) => {
      asked.push({ url: request.url, headers: request.headers });
      return answer(request);
    },
  );
  const { port } = server.addr;
  return {
    url: `http://page.example:${port}/`,
    port,
    asked,
    names,
    network: {
      lookup(host) {
        const addresses = names.get(host);
        return addresses
          ? Promise.resolve(addresses)
          : Promise.reject(new Error(`There is no ${host}`));
      },
      isAllowed: async (address, at) =>
        at === port && (address === known || await isPublic(address)),
    },
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}
