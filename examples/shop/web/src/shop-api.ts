/** The shop's API: answers that are not 2xx are errors. */
export async function fetchJson<T>(path: string, init?: RequestInit): Promise<T> {
  const answer = await fetch(path, init);
  if (!answer.ok) throw new Error(`The shop answered ${answer.status}`);
  return (await answer.json()) as T;
}
