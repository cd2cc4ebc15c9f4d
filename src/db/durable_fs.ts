import { NodeFS } from "@electric-sql/pglite/nodefs";
import { fsyncSync } from "node:fs";

/** What this needs of the file system that PGlite's runtime (Emscripten) brings along. */
interface Runtime {
  FS: {
    filesystems: {
      NODEFS: {
        stream_ops: { fsync?: (stream: { nfd: number }) => number };
      };
    };
  };
}

/**
 * A folder of the disk for PGlite in which a flush is a flush.
 *
 * PGlite by itself starts Postgres with fsync off, and its runtime answers `fsync` without asking
 * the disk: enough when the process is killed, not when the power fails. Postgres must be told to
 * use it, by `durableSettings`.
 */
export class DurableFs extends NodeFS {
  /** `flush` puts an open file on the disk. */
  constructor(
    folder: string,
    readonly flush: (fd: number) => void = fsyncSync,
  ) {
    super(folder);
  }

  override async init(...[pg, options]: Parameters<NodeFS["init"]>) {
    const { emscriptenOpts } = await super.init(pg, options);
    const preRun = [
      ...emscriptenOpts.preRun ?? [],
      ({ FS }: Runtime) => {
        FS.filesystems.NODEFS.stream_ops.fsync = ({ nfd }) => {
          this.flush(nfd);
          return 0;
        };
      },
    ];
    return { emscriptenOpts: { ...emscriptenOpts, preRun } };
  }
}

/** The WAL is flushed by `fsync`, since the runtime has no place to hook into `fdatasync`. */
export const durableSettings = {
  fsync: "on",
  wal_sync_method: "fsync",
} as const;
