import { html } from "hono/html";

type Html = ReturnType<typeof html>;

const pages = [
  { href: "/api/docs", label: "REST" },
  { href: "/api/docs/websocket", label: "WebSocket" },
] as const;

const documents = [
  { href: "/api/openapi.json", label: "openapi.json" },
  { href: "/api/asyncapi.json", label: "asyncapi.json" },
] as const;

export interface Page {
  readonly href: (typeof pages)[number]["href"];
  readonly title: string;
  /** Stylesheets and scripts beyond the common ones. */
  readonly head?: Html;
  readonly main: Html;
}

/** What the pages of the documentation share. */
export const layout = ({ href, title, head, main }: Page): Html =>
  html`
    <html lang="en">
      <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>${title}</title>
        <link rel="icon" href="/api/docs/favicon-32x32.png">
        ${head ?? ""}
        <link rel="stylesheet" href="/api/docs/page.css">
      </head>
      <body>
        <header>
          <strong>Parley</strong>
          <nav>
            ${pages.map((page) =>
              html`
                <a href="${page.href}" ${page.href === href
                  ? html`aria-current="page"`
                  : ""}>${page.label}</a>
              `
            )}
          </nav>
          <nav>
            ${documents.map((document) =>
              html`
                <a href="${document.href}">${document.label}</a>
              `
            )}
          </nav>
        </header>
        ${main}
      </body>
    </html>
  `;
