import assert from "node:assert/strict";
import type { Database } from "../../src/db/database.ts";
import { Statement } from "../../src/db/sql.ts";

interface Plan {
  readonly "Node Type": string;
  readonly "Relation Name"?: string;
  readonly "Actual Rows": number;
  readonly "Actual Loops": number;
  readonly "Rows Removed by Filter"?: number;
  readonly Plans?: readonly Plan[];
}

/** How many rows of tables a statement touches; no table may be read as a whole. */
export async function touched(db: Database, { text }: Statement<unknown>) {
  const [[row]] = await db.run(
    new Statement<{ plan: [{ Plan: Plan }] }>(
      `explain (analyze, format json) ${text}`,
    ),
  );
  const plans = Object.values(row!)[0] as [{ Plan: Plan }];
  let rows = 0;
  const visit = (node: Plan) => {
    const { "Relation Name": relation, Plans = [] } = node;
    // Planned, and then not needed.
    if (node["Actual Loops"] === 0) return;
    assert.notEqual(node["Node Type"], "Seq Scan", `of ${relation}`);
    if (relation) {
      const each = node["Actual Rows"] + (node["Rows Removed by Filter"] ?? 0);
      rows += each * node["Actual Loops"];
    }
    Plans.forEach(visit);
  };
  visit(plans[0].Plan);
  return rows;
}
