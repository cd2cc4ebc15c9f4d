/** Posts to the service's API; rejects with its answer where that is not a good one. */
export async function post<T>(
  host: string,
  path: string,
  body: unknown,
  token?: string,
): Promise<T> {
  const response = await fetch(`http://${host}/api/v1${path}`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(token && { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) {
    throw new Error(`POST ${path} answered ${response.status}: ${text}`);
  }
  return JSON.parse(text);
}
