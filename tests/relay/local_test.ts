import { createLocalRelay } from "../../src/relay/local.ts";
import { relayConformance } from "./conformance.ts";

relayConformance(
  "local",
  () => {
    const relay = createLocalRelay();
    return Promise.resolve({
      here: relay,
      there: relay,
      [Symbol.asyncDispose]: () => relay[Symbol.asyncDispose](),
    });
  },
  {
    "crosses in both directions": "both ends are one relay in one isolate",
    "delivers what it took during an interruption, or tells of a gap":
      "there is nothing between its ends that could break",
    "stays away once it is disposed":
      "both ends are one relay, which is then away for both",
  },
);
