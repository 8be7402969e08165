/**
 * Puts values in the places of `{{name}}`. Values are not looked into: what stands in a task stays what it is.
 * @throws Error for a place that has no value: a fault of ours that a test finds
 */
export function fill(template: string, values: Readonly<Record<string, string>>): string {
  return template.replace(/\{\{(\w+)\}\}/g, (place, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`Nothing is known for ${place}.`);
    return value;
  });
}
