import type { ClientRequest, IncomingMessage } from "node:http";
import { isIP } from "node:net";
import type { PreviewNetwork } from "./preview_network.ts";

export interface Page {
  /** Where it was found, after redirects. */
  readonly url: string;
  readonly html: string;
}

export interface PageOptions {
  readonly network: PreviewNetwork;
  readonly userAgent: string;
  readonly signal: AbortSignal;
}

const mostRedirects = 3;
/** What matters stands at the beginning of a page. */
const mostBytes = 256 * 1024;

/**
 * Reads a page as nobody in particular: no cookies, no referrer. Each host is looked up here, all its
 * addresses are checked, and the connection goes to one that was, so that no name can stand for one
 * address when it is checked and for another when it is asked. Redirects are checked in the same way.
 * undefined for what is no page, or must not be asked.
 */
export async function readPage(
  url: string,
  options: PageOptions,
): Promise<Page | undefined> {
  let at = new URL(url);
  for (let redirects = 0; redirects <= mostRedirects; redirects++) {
    const answer = await ask(at, options);
    if (!answer) return undefined;
    try {
      const { statusCode = 0, headers: { location } } = answer;
      if (statusCode >= 300 && statusCode < 400 && location !== undefined) {
        const next = URL.parse(location, at);
        if (!next) return undefined;
        at = next;
        continue;
      }
      if (statusCode !== 200) return undefined;
      const html = await textOf(answer);
      return html === undefined ? undefined : { url: at.href, html };
    } finally {
      answer.destroy();
    }
  }
}

async function ask(
  url: URL,
  { network, userAgent, signal }: PageOptions,
): Promise<IncomingMessage | undefined> {
  const isTls = url.protocol === "https:";
  if (!isTls && url.protocol !== "http:") return undefined;
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const addresses = isIP(host) === 0
    ? await within(signal, network.lookup(host))
    : [host];
  const port = Number(url.port) || (isTls ? 443 : 80);
  for (const address of addresses) {
    if (!await within(signal, network.isAllowed(address, port))) {
      return undefined;
    }
  }
  const [address] = addresses;
  if (address === undefined) return undefined;
  const { request } = isTls
    ? await import("node:https")
    : await import("node:http");
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const asked: ClientRequest = request({
    // An address, so that nothing is left to be looked up.
    host: address,
    port,
    ...(isTls && isIP(host) === 0 ? { servername: host } : {}),
    path: `${url.pathname}${url.search}`,
    headers: {
      host: url.host,
      accept: "text/html,application/xhtml+xml",
      "accept-encoding": "identity",
      "user-agent": userAgent,
    },
    agent: false,
    signal,
  }, resolve);
  asked.on("error", reject);
  asked.end();
  return await promise;
}

/** Waits no longer than the signal lets, for what cannot be stopped itself. */
async function within<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  signal.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  signal.addEventListener("abort", abort);
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/** The beginning of a page of HTML, in the encoding that it names. */
async function textOf(answer: IncomingMessage): Promise<string | undefined> {
  const { "content-type": type = "", "content-encoding": encoding } =
    answer.headers;
  const isPage = /^(text\/html|application\/xhtml\+xml)\b/i.test(type);
  if (!isPage || (encoding ?? "identity") !== "identity") return undefined;
  const decoder = decoderOf(/charset="?([\w.:-]+)/i.exec(type)?.[1]);
  let text = "";
  let bytes = 0;
  for await (const chunk of answer as AsyncIterable<Uint8Array>) {
    const part = chunk.subarray(0, mostBytes - bytes);
    text += decoder.decode(part, { stream: true });
    bytes += part.length;
    if (bytes >= mostBytes) break;
  }
  return text;
}

function decoderOf(charset = "utf-8"): TextDecoder {
  try {
    return new TextDecoder(charset);
  } catch {
    return new TextDecoder();
  }
}
