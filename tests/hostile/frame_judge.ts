import { Ajv, type ValidateFunction } from "ajv";
import addFormats from "ajv-formats";
import { limits } from "../../src/protocol/limits.ts";
import type { ServerFrame } from "../../src/protocol/frames.ts";
import { closed as closedDocument } from "./closed.ts";
import type { AsyncApi } from "./frame_cases.ts";

/** What came of one hostile frame. */
export interface Heard {
  /** Whether it stood in place of hello. */
  readonly isFirst: boolean;
  readonly sent: string | Uint8Array;
  readonly frames: readonly ServerFrame[];
  /** The close code, where the service closed the connection. */
  readonly closed: number | undefined;
}

export interface FrameJudge {
  /** The type of a request that the document describes; undefined for anything else. */
  requestType(sent: string | Uint8Array): string | undefined;
  /** The `id` that a reply must carry. */
  idOf(sent: string | Uint8Array): string | number | undefined;
  /** Throws what is wrong. */
  judge(heard: Heard): void;
}

const closeCodes = [4400, 4401, 4413];

/** What a client sees when it is still sending while the service has closed already. */
const cutOff = [0, 1006];

export function createFrameJudge(document: AsyncApi): FrameJudge {
  const ajv = new Ajv({ strict: false, unicodeRegExp: true });
  // deno-lint-ignore no-explicit-any -- the package's types are those of CommonJS
  (addFormats as any)(ajv);
  ajv.addSchema({ $id: "frames", ...closedDocument(document) });
  const compiled = new Map<string, ValidateFunction>();
  const { messages } = document.components;

  function validator(name: string): ValidateFunction | undefined {
    if (!Object.hasOwn(messages, name)) return undefined;
    let validate = compiled.get(name);
    if (!validate) {
      const $ref = `frames#/components/messages/${name}/payload`;
      compiled.set(name, validate = ajv.compile({ $ref }));
    }
    return validate;
  }

  function read(
    sent: string | Uint8Array,
  ): Record<string, unknown> | undefined {
    if (typeof sent !== "string" || bytesIn(sent) > limits.frameBytes) {
      return undefined;
    }
    try {
      const value = JSON.parse(sent);
      return typeof value === "object" && value !== null ? value : undefined;
    } catch {
      return undefined;
    }
  }

  function requestType(sent: string | Uint8Array) {
    const frame = read(sent);
    const type = frame?.type;
    if (typeof type !== "string" || type === "hello") return undefined;
    return validator(`request.${type}`)?.(frame) ? type : undefined;
  }

  function idOf(sent: string | Uint8Array) {
    const id = read(sent)?.id;
    if (typeof id === "string") {
      return id.length >= 1 && id.length <= 64 ? id : undefined;
    }
    return Number.isSafeInteger(id) && (id as number) >= 0
      ? id as number
      : undefined;
  }

  function judgeFrame(frame: ServerFrame, asked: string | undefined) {
    const name = frame.type !== "reply"
      ? frame.type
      : frame.ok
      ? `reply.${asked}`
      : "reply.error";
    const validate = validator(name);
    if (!validate) throw new Error(`Not documented: ${name}`);
    if (!validate(frame)) {
      throw new Error(`${name}: ${ajv.errorsText(validate.errors)}`);
    }
    if (frame.type !== "reply" || frame.ok) return;
    const { code } = frame.error;
    if (code === "internal" || code === "unavailable") {
      throw new Error(`The service failed: ${code}`);
    }
  }

  return {
    requestType,
    idOf,
    judge({ isFirst, sent, frames, closed }) {
      const asked = isFirst ? undefined : requestType(sent);
      const id = idOf(sent);
      frames.forEach((frame) => judgeFrame(frame, asked));
      const replies = frames.filter(({ type }) => type === "reply");
      const expected = id === undefined ? 0 : 1;
      // Signed out by a case before: then nothing more is answered.
      const isOut = closed === 4401 && replies.length === 0;
      if (replies.length !== expected && !isOut) {
        throw new Error(`${replies.length} replies instead of ${expected}`);
      }
      const isAllowed = closed === undefined || closeCodes.includes(closed) ||
        (sent.length > limits.frameBytes && cutOff.includes(closed));
      if (!isAllowed) {
        throw new Error(`Closed with ${closed}`);
      }
      if (asked === undefined && closed === undefined) {
        throw new Error("It took a frame that its schema refuses");
      }
      const isTaken = replies.some((reply) =>
        reply.type === "reply" && reply.ok
      );
      if (asked === undefined && isTaken) {
        throw new Error("It answered a frame that its schema refuses");
      }
    },
  };
}

const bytesIn = (text: string) => new TextEncoder().encode(text).length;
