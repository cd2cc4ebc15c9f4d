import { html } from "hono/html";
import { layout } from "./layout.ts";

/** The reference of the REST routes, drawn in the browser by Swagger UI. */
export const restPage = () =>
  layout({
    href: "/api/docs",
    title: "Parley: REST",
    head: html`
      <link rel="stylesheet" href="/api/docs/swagger-ui.css">
      <script src="/api/docs/swagger-ui-bundle.js" defer></script>
      <script src="/api/docs/rest.js" defer></script>
    `,
    main: html`
      <main id="reference">
        <noscript>
          <p>This page needs JavaScript. The same is in
          <a href="/api/openapi.json">openapi.json</a>.</p>
        </noscript>
      </main>
    `,
  });
