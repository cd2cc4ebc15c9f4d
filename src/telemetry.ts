import type { Counters } from "./lib/counters.ts";
import { type MeasureName, measures } from "./measures.ts";

/**
 * Hands the counters to OpenTelemetry, where Deno's exporter is on (OTEL_DENO=true): it then sends
 * them, with Deno's own measures and traces, to where the OTEL_EXPORTER_OTLP_* variables say.
 */
export async function exportMeasures(
  counters: Counters<MeasureName>,
): Promise<void> {
  if (!/^(1|true)$/.test(Deno.env.get("OTEL_DENO") ?? "")) return;
  const { metrics } = await import("@opentelemetry/api");
  const meter = metrics.getMeter("parley");
  for (const [name, { kind, description }] of Object.entries(measures)) {
    const instrument = kind === "count"
      ? meter.createObservableCounter(name, { description })
      : meter.createObservableGauge(name, { description });
    instrument.addCallback((result) =>
      result.observe(counters.read()[name as MeasureName])
    );
  }
}
