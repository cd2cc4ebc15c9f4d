import { z } from "zod";
import { Event } from "../../protocol/events.ts";
import {
  ClientFrame,
  HelloFrame,
  replyData,
  ReplyFrame,
  subprotocol,
} from "../../protocol/frames.ts";
import { limits } from "../../protocol/limits.ts";
import { closeReasons, connecting } from "./connecting.ts";
import type { Described } from "./openapi.ts";
import { createSample } from "./sample.ts";
import { createSchemaBook, type Json } from "./schema_book.ts";

type RequestType = keyof typeof replyData;

/** The only channel: everything goes over one connection. */
const channel = "connection";
const requests = [HelloFrame, ...ClientFrame.options];
const [okReply, errorReply] = ReplyFrame.options;

/** The AsyncAPI 3 document of the WebSocket, seen from the service: it receives requests and sends events. */
export function asyncApiDocument({ version, publicUrl }: Described): Json {
  const messages = messagesOf();
  const { schemas, components } = messages;
  const { protocol, host } = new URL(publicUrl);
  return {
    asyncapi: "3.0.0",
    info: {
      title: "Parley over WebSocket",
      version,
      description: connecting,
      license: { name: "MIT", url: "https://opensource.org/license/mit" },
      tags: Object.keys(tags).map(tagged),
    },
    defaultContentType: "application/json",
    servers: {
      service: {
        host,
        protocol: protocol === "https:" ? "wss" : "ws",
        description: "This service",
      },
    },
    channels: {
      [channel]: {
        address: "/api/v1/ws",
        title: "The connection",
        description:
          "One JSON object a text frame, in both directions. The description of this document tells the rest.",
        servers: [{ $ref: "#/servers/service" }],
        messages: Object.fromEntries(
          Object.keys(components).map((name) => [name, {
            $ref: `#/components/messages/${name}`,
          }]),
        ),
        bindings: { ws: upgradeBinding },
        "x-subprotocol": subprotocol,
        "x-limits": limits,
        "x-close-codes": closeReasons,
      },
    },
    operations: {
      ...Object.fromEntries(requests.map(operationOf)),
      events: {
        action: "send",
        channel: { $ref: `#/channels/${channel}` },
        title: "Events",
        summary: "What the service tells unasked, once hello is answered",
        tags: [tagged("Events")],
        messages: Event.options.map(({ shape }) => inChannel(shape.type.value)),
      },
    },
    components: { messages: components, schemas, tags },
  };
}

const tags = {
  Requests: { name: "Requests", description: "What a client asks" },
  Replies: { name: "Replies", description: "The one answer to a request" },
  Events: { name: "Events", description: "What the service tells unasked" },
};

const tagged = (tag: string) => ({ $ref: `#/components/tags/${tag}` });

/** What the upgrade request must carry. */
const upgradeBinding = {
  method: "GET",
  headers: {
    type: "object",
    required: ["Sec-WebSocket-Protocol"],
    properties: {
      "Sec-WebSocket-Protocol": { type: "string", const: subprotocol },
    },
  },
  bindingVersion: "0.1.0",
};

const inChannel = (name: string) => ({
  $ref: `#/channels/${channel}/messages/${name}`,
});

const operationOf = (frame: (typeof requests)[number]) => {
  const type = frame.shape.type.value;
  return [type, {
    action: "receive",
    channel: { $ref: `#/channels/${channel}` },
    title: type,
    summary: frame.description,
    tags: [tagged("Requests")],
    messages: [inChannel(`request.${type}`)],
    reply: {
      channel: { $ref: `#/channels/${channel}` },
      messages: [inChannel(`reply.${type}`), inChannel("reply.error")],
    },
  }] as const;
};

/** Every message with its schema and a sample, and the schemas that they share. */
function messagesOf() {
  const book = createSchemaBook("draft-7");
  const message = (
    name: string,
    tag: string,
    schema: z.ZodType,
    payload: Json,
  ) => ({
    name,
    title: name,
    ...(schema.description === undefined
      ? {}
      : { summary: schema.description }),
    tags: [tagged(tag)],
    ...(tag === "Events" ? {} : { correlationId }),
    payload,
  });
  const components: Record<string, Json> = {};
  for (const frame of requests) {
    const type = frame.shape.type.value;
    components[`request.${type}`] = message(
      type,
      "Requests",
      frame,
      book.input(frame),
    );
    const reply = replyTo(type);
    components[`reply.${type}`] = message(
      "reply",
      "Replies",
      reply,
      book.output(reply),
    );
  }
  components["reply.error"] = message(
    "reply",
    "Replies",
    errorReply,
    book.output(errorReply),
  );
  for (const event of Event.options) {
    const type = event.shape.type.value;
    components[type] = message(type, "Events", event, book.output(event));
  }
  const schemas = book.named();
  const sample = createSample(schemas);
  for (const component of Object.values(components)) {
    component.examples = [{ payload: sample(component.payload as Json) }];
  }
  return { schemas, components };
}

const correlationId = {
  description: "A reply carries the `id` of its request",
  location: "$message.payload#/id",
};

const replyTo = (type: RequestType) =>
  okReply.extend({ data: replyData[type] }).meta({
    description: `Answers \`${type}\``,
  });
