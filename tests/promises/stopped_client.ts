/** A client that listens and says how its connection ended: for a test that stops the process meanwhile. */
import { connect } from "../support/peer.ts";

const [url, token] = Deno.args;
const line = await connect(url!, token!);
console.log("connected");
console.log(`closed ${(await line.closed).code}`);
