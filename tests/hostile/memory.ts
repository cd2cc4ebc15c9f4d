import type { Service } from "../support/service.ts";

/** What the service holds after its garbage is collected, in MB. */
export interface Memory {
  readonly heap: number;
  readonly rss: number;
}

/** The main module of a service whose memory can be asked for. */
export const watched = [
  "--v8-flags=--expose-gc",
  "tests/hostile/watched_main.ts",
];

export async function memoryOf(service: Service): Promise<Memory> {
  const before = reports(service).length;
  service.kill("SIGUSR2");
  for (let left = 1000; left > 0; left--) {
    const report = reports(service)[before];
    if (report) {
      const { heapUsed, rss } = JSON.parse(report.slice("memory ".length));
      const mb = (bytes: number) => Math.round(bytes / 1024 / 1024);
      return { heap: mb(heapUsed), rss: mb(rss) };
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error("The service did not say what memory it holds");
}

const reports = ({ lines }: Service) =>
  lines.filter((line) => line.startsWith("memory "));
