/** How often a property is tried; CI asks for more than a developer waits for. */
export function propertyRuns(fallback: number): { numRuns: number } {
  return { numRuns: Number(process.env['TEST_PROPERTY_RUNS'] ?? fallback) };
}
