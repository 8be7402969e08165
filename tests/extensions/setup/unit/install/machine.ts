import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ActionContext } from '../../../../../src/core/caller/context/context.ts';
import { systemClock } from '../../../../../src/core/kernel/clock.ts';
import { systemHost } from '../../../../../src/core/kernel/processes/host.ts';
import type { InstallInput } from '../../../../../src/extensions/setup/install/install.ts';
import { makeFakeClient } from '../../../../support/fake-client.ts';
import { tempDir } from '../../../../support/temp-dir.ts';

const ROOT = join(import.meta.dirname, '../../../../..');
export const ALL: InstallInput = { scope: 'user', dryRun: false, allow: true };
export const DESKTOP_PATH = '.config/Claude/claude_desktop_config.json';
export const SERVER_PATH = join(ROOT, 'dist/samocode-mcp.js');

/** A home (@HOME@ in a text) with only the named files, and without the machine's own clients. */
export async function emptyMachine(files: Readonly<Record<string, string>> = {}) {
  const dir = await tempDir();
  const home = dir.path;
  const nowhere = '/nowhere/client';
  const context: ActionContext = {
    clock: systemClock,
    host: await systemHost(),
    env: {
      HOME: home,
      PATH: join(home, 'bin'),
      CLAUDE_PATH: nowhere,
      CODEX_PATH: nowhere,
      GEMINI_PATH: nowhere,
      COPILOT_PATH: nowhere,
      OPENCODE_PATH: nowhere,
    },
    home,
    cwd: home,
    by: { channel: 'cli', client: 'test' },
    programs: { worker: join(ROOT, 'dist/worker.cjs'), rehearsal: join(ROOT, 'dist/samocode-rehearsal.cjs') },
  };
  const machine = {
    home,
    context,
    read: (path: string) => readFile(join(home, path), 'utf8'),
    async write(path: string, text: string): Promise<void> {
      await mkdir(dirname(join(home, path)), { recursive: true });
      await writeFile(join(home, path), text);
    },
    /** Every file except programs and the records of the fake clients. */
    async files(): Promise<string[]> {
      const entries = await readdir(home, { recursive: true, withFileTypes: true });
      return entries
        .filter((entry) => !entry.isDirectory())
        .map((entry) => join(entry.parentPath, entry.name).slice(home.length + 1))
        .filter((path) => !path.startsWith('bin/') && path !== 'asked.log')
        .sort();
    },
    /** Adds a fake client. Its shell runs `script` first, which may exit. */
    async addClient(name: 'claude' | 'codex', script = ''): Promise<void> {
      await makeFakeClient(join(home, 'bin/real'), name);
      await machine.addProgram(name, `${script}\nexec ${join(home, 'bin/real', name)} "$@"`);
    },
    async addProgram(name: string, script: string): Promise<void> {
      const path = join(home, 'bin', name);
      await machine.write(join('bin', name), `#!/bin/sh\n${script}\n`);
      await chmod(path, 0o755);
      const { [`${name.toUpperCase()}_PATH`]: _gone, ...env } = machine.context.env;
      machine.context = { ...machine.context, env: { ...env, PATH: `${join(home, 'bin')}:/usr/bin:/bin` } };
    },
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
  for (const [path, text] of Object.entries(files))
    await machine.write(path, text.replaceAll('@HOME@', home));
  return machine;
}

/** Files of the real clients in a home where samocode was installed, in addition to the person's own lines. */
export function installedFiles(): Record<string, string> {
  const allowed = '"mcp__plugin_samocode_samocode__wait"';
  return {
    '.claude/settings.json': `{
  "permissions": { "deny": ["Bash(rm:*)"], "allow": ["Bash(ls:*)", ${allowed}] },
  "extraKnownMarketplaces": { "samocode": { "source": { "source": "directory", "path": "/x" } } },
  "enabledPlugins": { "other@theirs": true, "samocode@samocode": true }
}
`,
    '.claude/plugins/installed_plugins.json': `{
  "version": 2,
  "plugins": {
    "samocode@samocode": [{ "scope": "user", "version": "0.1.0" }]
  }
}`,
    '.claude/plugins/known_marketplaces.json': '{\n  "samocode": { "installLocation": "/x" }\n}',
    '.claude/plugins/cache/samocode/samocode/0.1.0/README.md': 'ours',
    '.codex/config.toml': `model = "gpt-5.5"

[marketplaces.samocode]
source_type = "local"
source = "/x"

[plugins."samocode@samocode"]
enabled = true

[mcp_servers.other]
command = "x"
`,
    '.codex/plugins/cache/samocode/samocode/0.1.0/README.md': 'ours',
    '.gemini/extensions/samocode/gemini-extension.json':
      '{ "mcpServers": { "samocode": { "command": "node", "args": ["/x/samocode-mcp.js"] } } }',
    '.gemini/extensions/samocode/README.md': 'ours',
    [DESKTOP_PATH]: `{
	"mcpServers": {
		"other": { "command": "x" },
		"samocode": { "command": "/usr/bin/node", "args": ["/opt/samocode-mcp/dist/samocode-mcp.js"] }
	}
}
`,
    '.config/samocode/clients/claude/plugin/README.md': 'ours',
    '.config/samocode/clients/codex/plugin/README.md': 'ours',
  };
}
