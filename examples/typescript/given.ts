/** Return an environment variable. Throws where it is not set. */
export function given(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: see examples/README.md`);
  return value;
}
