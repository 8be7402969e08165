import { join } from 'node:path';
import * as z from 'zod';
import { allProviders } from '../agents/registry.ts';
import { realFolder } from '../kernel/files/path-stats.ts';
import { plainText } from '../kernel/files/plain-file.ts';
import { parseJson } from '../kernel/parse-json.ts';
import { stateFolderOf } from './cli-state.ts';
import type { HomePlaces } from './home.ts';

const MAX_SETTINGS_BYTES = 1024 * 1024;

const Settings = z.record(z.string(), z.unknown());

/**
 * The places that the environment and the settings of these CLIs name for their logins, such as `~/.aws` for
 * Bedrock: read-only for their agents.
 * @returns absolute real paths that exist
 */
export async function loginPlaces(home: HomePlaces, clis: readonly string[]): Promise<string[]> {
  const found = new Set<string>();
  for (const { name, loginFiles } of allProviders().filter((provider) => clis.includes(provider.name))) {
    if (loginFiles === undefined) continue;
    const settings = await settingsOf(
      join(stateFolderOf(name, home) ?? '/', loginFiles.settings),
      loginFiles.env,
    );
    const env = { ...settings.env, ...home.env };
    const used = loginFiles.services.filter(({ variable }) => env[variable]);
    const named = [
      ...used.flatMap(({ folders, named = [] }) => [...folders, ...named.map((each) => env[each])]),
      // A command line: its program, which may be a script below home.
      ...loginFiles.commands.map((key) => /^\S+/.exec(String(settings.all[key] ?? ''))?.[0]),
    ];
    for (const path of named) {
      const real =
        path && realFolder(path.startsWith('/') ? path : join(home.dir, path.replace(/^(?:~|\$HOME)\//, '')));
      if (real) found.add(real);
    }
  }
  return [...found];
}

async function settingsOf(path: string, key: string) {
  const all = Settings.safeParse(parseJson((await plainText(path, MAX_SETTINGS_BYTES)) ?? '')).data ?? {};
  const env = z.record(z.string(), z.string()).safeParse(all[key]).data ?? {};
  return { all, env };
}
