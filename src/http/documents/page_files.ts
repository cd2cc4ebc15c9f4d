const types = {
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  png: "image/png",
} as const;

interface PageFile {
  readonly type: string;
  read(): Promise<Uint8Array<ArrayBuffer>>;
}

const own = (name: string, type: keyof typeof types): PageFile => ({
  type: types[type],
  read: () => Deno.readFile(new URL(`./page/${name}`, import.meta.url)),
});

const swagger = (name: string, type: keyof typeof types): PageFile => ({
  type: types[type],
  async read() {
    const { default: folder }: { default: () => string } = await import(
      "swagger-ui-dist/absolute-path.js"
    );
    return await Deno.readFile(`${folder()}/${name}`);
  },
});

/** What the pages load, by the last part of the path. */
export const pageFiles: Readonly<Record<string, PageFile>> = {
  "page.css": own("page.css", "css"),
  "rest.js": own("rest.js", "js"),
  "swagger-ui.css": swagger("swagger-ui.css", "css"),
  "swagger-ui-bundle.js": swagger("swagger-ui-bundle.js", "js"),
  "favicon-32x32.png": swagger("favicon-32x32.png", "png"),
};
