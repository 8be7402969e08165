import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * A program that replaces a client: it records its arguments, adds plugins to its register, and rewrites its settings,
 * as Claude Code does.
 */
export async function makeFakeClient(binDir: string, name: 'claude' | 'codex'): Promise<void> {
  await mkdir(binDir, { recursive: true });
  const path = join(binDir, name);
  await writeFile(path, `#!${process.execPath}\n${PROGRAM}`, { mode: 0o755 });
}

const PROGRAM = `
const { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } = require('node:fs');
const { basename, join } = require('node:path');
const jsonText = (value) => JSON.stringify(value, undefined, 2) + '\\n';
const args = process.argv.slice(2);
const home = process.env.HOME;
appendFileSync(join(home, 'asked.log'), basename(process.argv[1]) + ' ' + args.join(' ') + '\\n');
if (process.env.FAKE_CLIENT_FAILS) { console.error('no network'); process.exit(7); }
// Asked for its version or login.
if (args[0] !== 'plugin') process.exit(0);
const claude = basename(process.argv[1]) === 'claude';
const register = claude ? join(home, '.claude/plugins/installed_plugins.json') : join(home, '.codex/config.toml');
mkdirSync(join(register, '..'), { recursive: true });
const isAdding = ['install', 'add'].includes(args[1]);
const isRemoving = ['uninstall', 'remove'].includes(args[1]);
// Claude Code notes every scope of a plugin on its own, and removes the one that it is asked for.
if (claude && args[1] !== 'marketplace') {
  const noted = existsSync(register) ? JSON.parse(readFileSync(register, 'utf8')).plugins['samocode@samocode'] : [];
  const others = noted.filter(({ scope }) => scope !== 'user');
  if (isRemoving && others.length === noted.length) {
    console.error('samocode@samocode is enabled at project scope');
    process.exit(1);
  }
  const left = isAdding ? [...others, { scope: 'user' }] : others;
  const text = jsonText({ version: 2, plugins: { 'samocode@samocode': left } });
  if (left.length > 0) writeFileSync(register, text);
  else rmSync(register);
} else if (!claude) {
  const text = existsSync(register) ? readFileSync(register, 'utf8') : '';
  const table = '[plugins."samocode@samocode"';
  if (isAdding && !text.includes('\\n' + table + ']')) writeFileSync(register, text + '\\n' + table + ']\\nenabled = true\\n');
  if (isRemoving) writeFileSync(register, text.split(/\\n(?=\\[)/).filter((part) => !part.startsWith(table)).join('\\n'));
}
const markets = join(home, '.claude/plugins/known_marketplaces.json');
if (claude && args[1] === 'marketplace') {
  if (args[2] === 'add') writeFileSync(markets, jsonText({ samocode: {} }));
  else rmSync(markets);
}
const settings = join(home, '.claude/settings.json');
if (claude && existsSync(settings)) {
  const value = JSON.parse(readFileSync(settings, 'utf8'));
  if (isAdding) value.enabledPlugins = { 'samocode@samocode': true };
  if (isRemoving) value.enabledPlugins = {};
  writeFileSync(settings, jsonText(value));
}
`;
