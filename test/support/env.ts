/** Sets variables of the environment and returns how to have it again as it was. */
export function setEnv(variables: Readonly<Record<string, string | undefined>>): () => void {
  const before = { ...process.env };
  for (const [name, value] of Object.entries(variables)) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
  return () => {
    for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
    Object.assign(process.env, before);
  };
}

/** What is made is made as in production: in strict mode, where the log has no messages of errors. */
export async function inProduction<T>(make: () => Promise<T>): Promise<T> {
  const restore = setEnv({ NODE_ENV: 'production' });
  try {
    return await make();
  } finally {
    restore();
  }
}
