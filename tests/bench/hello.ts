// The least that Deno itself takes to start and answer, to hold cold starts against.
Deno.serve({
  hostname: "127.0.0.1",
  port: Number(Deno.env.get("PORT")),
  onListen: () => {},
}, () => new Response("ready"));
