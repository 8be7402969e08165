import './hand-over.ts';

import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCommand } from '../src/core/kernel/processes/run-command.ts';
import { BUNDLE } from './packages/source.ts';
import { addServer } from './packages/with-server.ts';

// Packs the bundle for Claude Desktop: `npm run mcpb -- [file]`. Without a name: samocode-mcp.mcpb in the working
// directory. It builds first. npx fetches the packer, which only packing needs.
const PACKER = '@anthropic-ai/mcpb@2.1.2';
const LIMIT_MS = 5 * 60_000;

const root = fileURLToPath(new URL('..', import.meta.url));
const target = resolve(process.argv[2] ?? BUNDLE);
const folder = await mkdtemp(join(tmpdir(), 'samocode-mcpb-'));
try {
  await cp(join(root, 'packages/desktop'), folder, { recursive: true });
  await addServer(root, folder);
  const { exitCode, stdout, stderr } = await runCommand('npx', ['-y', PACKER, 'pack', folder, target], {
    timeoutMs: LIMIT_MS,
  });
  if (exitCode === 0) console.log(target);
  else {
    console.error(`The bundle was not packed.\n${stdout}${stderr}`);
    process.exitCode = 1;
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
