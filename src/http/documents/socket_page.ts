import { html } from "hono/html";
import { layout } from "./layout.ts";
import type { Json } from "./schema_book.ts";
import { anchorOf, proseHtml, schemaHtml } from "./schema_html.ts";

type Html = ReturnType<typeof html>;

/** What of an AsyncAPI document the page shows. */
interface Shown {
  readonly info: { readonly title: string; readonly description: string };
  readonly channels: {
    readonly connection: {
      readonly "x-close-codes": readonly { code: number; reason: string }[];
    };
  };
  readonly components: {
    readonly messages: Readonly<Record<string, Message>>;
    readonly schemas: Readonly<Record<string, Json>>;
  };
}
interface Message {
  readonly summary?: string;
  readonly payload: Json;
  readonly examples: readonly { readonly payload: unknown }[];
}

/** The reference of the WebSocket, drawn from its AsyncAPI document; it needs no script. */
export function socketPage(document: Json): Html {
  const { info, channels, components } = document as unknown as Shown;
  const { messages, schemas } = components;
  const named = (pattern: RegExp) =>
    Object.keys(messages).filter((name) => pattern.test(name));
  const requests = named(/^request\./).map((name) => name.slice(8));
  const events = named(/^(?!request\.|reply\.)/);
  const frames = Object.values(messages).map(({ payload }) => nameOf(payload));
  const shared = Object.entries(schemas).filter(([name]) =>
    !frames.includes(name)
  );
  const resolved = (schema: Json) => schemas[nameOf(schema) ?? ""] ?? schema;

  const request = (type: string) => {
    const reply = messages[`reply.${type}`]!;
    const { data } = resolved(reply.payload).properties as Record<string, Json>;
    return html`
      ${frame(type, messages[`request.${type}`]!)}
      <h4>The <code>data</code> of its reply</h4>
      ${schemaHtml(resolved(data!))} ${sampleHtml(reply)}
    `;
  };
  const frame = (title: string, message: Message) =>
    html`
      <h3><code>${title}</code></h3>
      <p>${proseHtml(message.summary ?? "")}</p>
      ${schemaHtml(resolved(message.payload))} ${sampleHtml(message)}
    `;

  return layout({
    href: "/api/docs/websocket",
    title: "Parley: WebSocket",
    main: html`
      <main class="reference">
        <nav aria-label="On this page">
          ${index("Requests", requests, requestAnchor)}
          ${index("Events", events, eventAnchor)}
          ${index("Schemas", shared.map(([name]) => name), anchorOf)}
        </nav>
        <div>
          <h1>${info.title}</h1>
          ${info.description.split("\n\n").map((text) =>
            html`<p>${proseHtml(text)}</p>`
          )}

          <h2>Close codes</h2>
          ${closeCodesHtml(channels.connection["x-close-codes"])}

          <h2>Requests</h2>
          ${requests.map((type) => section(requestAnchor(type), request(type)))}
          ${section(
            "refused",
            frame("A reply that is not ok", messages["reply.error"]!),
          )}

          <h2>Events</h2>
          ${events.map((type) =>
            section(eventAnchor(type), frame(type, messages[type]!))
          )}

          <h2>Schemas</h2>
          ${shared.map(([name, schema]) =>
            section(
              anchorOf(name),
              html`
                <h3>${name}</h3>
                <p>${proseHtml(String(schema.description ?? ""))}</p>
                ${schemaHtml(schema)}
              `,
            )
          )}
        </div>
      </main>
    `,
  });
}

const requestAnchor = (type: string) => `request-${type}`;
const eventAnchor = (type: string) => `event-${type}`;
const nameOf = ({ $ref }: Json) =>
  $ref === undefined ? undefined : String($ref).split("/").at(-1);

const section = (id: string, content: Html): Html =>
  html`<section id="${id}">${content}</section>`;

const index = (
  title: string,
  names: readonly string[],
  anchor: (name: string) => string,
): Html =>
  html`
    <details open>
      <summary>${title}</summary>
      <ul>
        ${names.map((name) =>
          html`<li><a href="#${anchor(name)}">${name}</a></li>`
        )}
      </ul>
    </details>
  `;

const closeCodesHtml = (
  codes: readonly { code: number; reason: string }[],
): Html =>
  html`
    <table>
      <tbody>
        ${codes.map(({ code, reason }) =>
          html`
            <tr>
              <td><code>${code}</code></td>
              <td>${proseHtml(reason)}</td>
            </tr>
          `
        )}
      </tbody>
    </table>
  `;

const sampleHtml = ({ examples }: Message): Html =>
  html`<pre><code>${
    JSON.stringify(examples[0]?.payload, null, 2)
  }</code></pre>`;
