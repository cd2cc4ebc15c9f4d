import assert from "node:assert/strict";
import { Ajv } from "ajv";
import addFormats from "ajv-formats";
import type { Json } from "../../src/http/documents/schema_book.ts";
import { closed } from "./closed.ts";
import { readDocument } from "./service.ts";

/** What of an AsyncAPI document the tests look at. */
export interface AsyncApi {
  readonly channels: {
    readonly connection: {
      readonly messages: Json;
      readonly "x-close-codes": readonly { code: number; reason: string }[];
    };
  };
  readonly operations: Readonly<
    Record<string, {
      readonly action: "send" | "receive";
      readonly messages: readonly { readonly $ref: string }[];
      readonly reply?: {
        readonly messages: readonly { readonly $ref: string }[];
      };
    }>
  >;
  readonly components: {
    readonly messages: Readonly<
      Record<string, { readonly examples: readonly { payload: unknown }[] }>
    >;
    readonly schemas: Json;
  };
}

export const readAsyncApi = async (): Promise<AsyncApi> =>
  JSON.parse(await readDocument("asyncapi.json"));

/** Throws for a frame that is not as the document has this message. */
export type CheckFrame = (message: string, frame: unknown) => void;

export function frameChecker(document: AsyncApi): CheckFrame {
  const ajv = new Ajv({ strict: false, allErrors: true });
  addFormats.default(ajv);
  ajv.addSchema(closed(document), "document");
  return (message, frame) => {
    const validate = ajv.getSchema(
      `document#/components/messages/${message}/payload`,
    );
    assert.ok(validate, `${message} is not documented`);
    assert.ok(
      validate(frame),
      `${message}: ${ajv.errorsText(validate.errors)}: ${
        JSON.stringify(frame)
      }`,
    );
  };
}
