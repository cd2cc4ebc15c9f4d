import type { Router } from "../../src/http/router.ts";
import { limits } from "../../src/protocol/limits.ts";
import { Problem } from "../../src/protocol/problem.ts";
import type { Judge } from "./judge.ts";
import {
  type OpenApi,
  operationsOf,
  sampleRequest,
  takesBody,
  wantsToken,
} from "./operations.ts";
import { routesAlone } from "./service.ts";

const json = { "content-type": "application/json" };

/** Asks for every operation in a way that the service cannot or does not want to answer. */
export async function refuseAll(document: OpenApi, judge: Judge) {
  async function askAll(router: Router) {
    for (const operation of operationsOf(document)) {
      const { method } = operation;
      const { path, body } = sampleRequest(document, operation);
      const response = await router.request(path, {
        method,
        ...(body === undefined
          ? {}
          : { headers: json, body: JSON.stringify(body) }),
      });
      await judge.check(method, path, response);
    }
  }
  await askAll(routesAlone());
  const fault = new Problem("unavailable", { retryAfterMs: 1000 });
  await askAll(routesAlone({ fault }));
  await askAll(routesAlone({ burst: 0 }));
}

export interface Tokens {
  readonly good: string;
  readonly expired: string;
  readonly revoked: string;
}

/** Asks for every operation that wants one without a token that counts. */
export async function refuseStrangers(
  url: string,
  document: OpenApi,
  judge: Judge,
  { expired, revoked }: Tokens,
) {
  for (const operation of operationsOf(document).filter(wantsToken)) {
    const { method } = operation;
    const { path } = sampleRequest(document, operation);
    for (const token of [undefined, expired, revoked]) {
      const headers = new Headers();
      if (token) headers.set("authorization", `Bearer ${token}`);
      const response = await fetch(url + path, { method, headers });
      await judge.check(method, path, response);
    }
  }
}

/** Asks for every operation that takes something with what it does not take. */
export async function refuseNonsense(
  url: string,
  document: OpenApi,
  judge: Judge,
  { good }: Tokens,
) {
  for (const operation of operationsOf(document)) {
    const { method, parameters = [] } = operation;
    const ask = async (path: string, type?: string, body?: string) => {
      const headers = new Headers({ authorization: `Bearer ${good}` });
      if (type !== undefined) headers.set("content-type", type);
      const init = body === undefined ? {} : { body };
      const response = await fetch(url + path, { method, headers, ...init });
      await judge.check(method, path, response);
    };
    const { path } = sampleRequest(document, operation);
    if (takesBody(operation)) {
      await ask(path, "text/plain", "{}");
      await ask(path, "application/json", " ".repeat(limits.bodyBytes + 1));
      await ask(path, "application/json", '{"nonsense":true}');
    } else if (parameters.some((each) => each.in === "path")) {
      const nonsense = operation.path.replaceAll(/\{\w+\}/g, "nonsense");
      await ask(nonsense);
    } else if (parameters.length > 0) {
      await ask(`${operation.path}?limit=0&cursor=nonsense`);
    }
  }
}
