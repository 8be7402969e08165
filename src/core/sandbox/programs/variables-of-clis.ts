import { join } from 'node:path';
import type { Provider } from '../../agents/contract/provider.ts';
import { allProviders } from '../../agents/registry.ts';
import { realFolder } from '../../kernel/files/path-stats.ts';
import { plainText } from '../../kernel/files/plain-file.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Names of set variables that these CLIs need besides their own: those that their settings files name, such as a key of
 * a model service, and those of a cloud whose models they use.
 */
export async function variablesOfClis(clis: readonly string[], env: Environment): Promise<string[]> {
  const names = Object.keys(env);
  const found = allProviders()
    .filter(({ name }) => clis.includes(name))
    .map(async (cli) => {
      const text = (await Promise.all(settingsPaths(cli, env).map(readText))).join('\n');
      const words = new Set(text.match(/\w+/g));
      const inUse = Object.entries(cli.clouds ?? {}).filter(([name]) => env[name] || words.has(name));
      return names.filter((name) => words.has(name) || inUse.some(([, variables]) => variables.test(name)));
    });
  return (await Promise.all(found)).flat();
}

const MAX_BYTES = 1024 * 1024;

async function readText(path: string): Promise<string> {
  // Settings are often links into a folder under version control.
  return (await plainText(realFolder(path) ?? path, MAX_BYTES)) ?? '';
}

function settingsPaths({ settingsFiles = [], state }: Provider, env: Environment): string[] {
  const { folder = '', variable = '', homeVariable = '' } = state ?? {};
  const home = env[homeVariable] || env.HOME || '/';
  const moved = env[variable];
  return settingsFiles.map((name) =>
    moved && name.startsWith(`${folder}/`) ? join(moved, name.slice(folder.length)) : join(home, name),
  );
}
