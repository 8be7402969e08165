import type { PackageSource } from './package-source.ts';

/** Files by their path in the package. */
export type Files = Record<string, string>;

export const DISPLAY_NAME = 'Samocode';
export const AUTHOR = { name: 'the samocode-mcp authors' };

/** The skills as they stand. */
export function skillFiles({ skills }: PackageSource): Files {
  return Object.fromEntries(skills.map(({ name, text }) => [`skills/${name}/SKILL.md`, text]));
}

export function jsonText(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
