/* global SwaggerUIBundle */

SwaggerUIBundle({
  url: "/api/openapi.json",
  dom_id: "#reference",
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  // No badge of an outside validator.
  validatorUrl: null,
  // The service may be open under another address than its public one: stay with this one.
  requestInterceptor(request) {
    const { pathname, search } = new URL(request.url, location.href);
    request.url = `${location.origin}${pathname}${search}`;
    return request;
  },
});
