import { deviceStatuses } from "../accounts/mod.ts";
import type { Database } from "../db/database.ts";
import type { Statement } from "../db/sql.ts";
import type { RateLimit } from "../http/rate_limit.ts";
import type { Clock } from "../lib/clock.ts";
import type { Turns } from "../lib/turns.ts";
import type { OpenContent, OpenMessages } from "../messages/mod.ts";
import type { OpenDraft } from "../preferences/mod.ts";
import type { DeviceId, UserId } from "../protocol/ids.ts";
import { Problem } from "../protocol/problem.ts";
import type { Read } from "./export_pages.ts";
import { type Sections, sectionsOf } from "./export_sections.ts";

export interface ExportsParts {
  readonly db: Database;
  readonly open: OpenMessages;
  readonly openDraft: OpenDraft;
  readonly openContent: OpenContent;
  readonly clock: Clock;
  /** Pages of one person take turns, whatever the number of exports. */
  readonly turns: Turns;
  /** How often one person may begin. */
  readonly limit: RateLimit;
  /** Called for one that broke off in the middle, where nobody else hears of the reason. */
  onBroken(error: unknown): void;
}

export interface Exports {
  /**
   * Everything that is held on an account, as one JSON document (`AccountExport`), read as fast as it is
   * taken. It breaks off when the device is signed out or the service stops: then it is not whole JSON.
   */
  read(caller: {
    readonly userId: UserId;
    readonly deviceId: DeviceId;
  }): Promise<ReadableStream<Uint8Array>>;
  /** Breaks off all that are being read. */
  stop(): void;
}

/** A line, since Deno prints what ends an answer early. The client sees its connection break. */
const brokenOff = "An export broke off";

/**
 * Page by page and key by key, so that memory is bounded and no transaction stays open while a slow
 * reader reads. Each page is of a moment of its own: what was there all the time is in it exactly once,
 * as it was when its page was read.
 */
export function createExports(parts: ExportsParts): Exports {
  const { db, clock, turns, limit, onBroken } = parts;
  const reading = new Set<ReadableStreamDefaultController<Uint8Array>>();
  const utf8 = new TextEncoder();
  let isStopped = false;

  return {
    async read({ userId, deviceId }) {
      limit.take(userId);
      const read: Read = <Row>(statement: Statement<Row>) =>
        turns(userId, async () => {
          const [[device], rows] = await db.run(
            deviceStatuses([deviceId]),
            statement,
          );
          if (!device || device.isRevoked) throw new Problem("token_revoked");
          return rows;
        });
      const text = documentOf(
        new Date(clock()).toISOString(),
        sectionsOf({ ...parts, read }, userId, deviceId),
      );
      // What refuses it at the start is still answered as a problem.
      let begun: IteratorResult<string, void> | undefined = await text.next();

      let mine: ReadableStreamDefaultController<Uint8Array> | undefined;
      return new ReadableStream<Uint8Array>({
        async pull(controller) {
          if (isStopped) return controller.error(brokenOff);
          // Not before: one that nobody begins to read, as after HEAD, is nobody's to stop.
          mine = controller;
          reading.add(controller);
          try {
            const next = begun ?? await text.next();
            begun = undefined;
            if (!reading.has(controller)) return;
            if (!next.done) return controller.enqueue(utf8.encode(next.value));
            reading.delete(controller);
            controller.close();
          } catch (error) {
            if (!reading.delete(controller)) return;
            onBroken(error);
            controller.error(brokenOff);
          }
        },
        async cancel() {
          if (mine) reading.delete(mine);
          await text.return(undefined);
        },
      }, { highWaterMark: 0 });
    },

    stop() {
      isStopped = true;
      for (const controller of reading) controller.error(brokenOff);
      reading.clear();
    },
  };
}

/** The document in pieces, each as large as a page. The first one has seen the database. */
async function* documentOf(
  exportedAt: string,
  sections: Sections,
): AsyncGenerator<string, void> {
  let text = `{"exportedAt":${JSON.stringify(exportedAt)}`;
  for (const [name, read] of Object.entries(sections)) {
    text += `,"${name}":`;
    const part = read();
    if (part instanceof Promise) {
      text += JSON.stringify(await part);
      continue;
    }
    text += "[";
    let isFirst = true;
    for await (const page of part) {
      for (const item of page) {
        text += (isFirst ? "" : ",") + JSON.stringify(item);
        isFirst = false;
      }
      yield text;
      text = "";
    }
    text += "]";
  }
  yield text + "}";
}
