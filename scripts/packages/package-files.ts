import { claudeFiles } from './claude.ts';
import { codexFiles } from './codex.ts';
import { desktopFiles } from './desktop.ts';
import { exampleFiles } from './examples.ts';
import { geminiFiles } from './gemini.ts';
import { readSource } from './source.ts';

/** Folders that hold nothing but generated files. */
export const GENERATED_FOLDERS = ['packages', '.claude-plugin', '.agents'];

/** Every generated file by its path from the repository's root. */
export async function packageFiles(root: string): Promise<Map<string, string>> {
  const source = await readSource(root);
  const all = [claudeFiles, codexFiles, geminiFiles, desktopFiles, exampleFiles].flatMap((files) =>
    Object.entries(files(source)),
  );
  return new Map(all);
}
