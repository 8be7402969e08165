import type { Files } from '../../src/machine/install/package/client-packages.ts';
import {
  claudeMarketplace,
  claudePackage,
  codexMarketplace,
  codexPackage,
  geminiPackage,
} from '../../src/machine/install/package/client-packages.ts';
import { desktopFiles } from './desktop.ts';
import { exampleFiles } from './examples.ts';
import { readmeFiles } from './readme.ts';
import { readSource } from './source.ts';

/** Folders that hold nothing but generated files. */
export const GENERATED_FOLDERS = ['packages', '.claude-plugin', '.agents'];

/** What else is in them: made by hand. */
export const HAND_MADE: ReadonlySet<string> = new Set(['packages/desktop/icon.png']);

/** Every generated file by its path from the repository's root. */
export async function packageFiles(root: string): Promise<Map<string, string>> {
  const source = await readSource(root);
  const files: Files = {
    ...claudeMarketplace(source, 'packages/claude'),
    ...below('packages/claude', claudePackage(source)),
    ...codexMarketplace('packages/codex'),
    ...below('packages/codex', codexPackage(source)),
    ...below('packages/gemini', geminiPackage(source)),
    ...readmeFiles(source),
    ...desktopFiles(source),
    ...exampleFiles(source),
  };
  return new Map(Object.entries(files));
}

function below(folder: string, files: Files): Files {
  return Object.fromEntries(Object.entries(files).map(([path, text]) => [`${folder}/${path}`, text]));
}
