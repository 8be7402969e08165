// Needs dist/ (npm run build). Records sessions, client files and services as this build leaves them, for the tests that open them with every later build:
//   npx tsx scripts/record-release.ts 0.1
import { execFileSync } from 'node:child_process';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ActionContext } from '../src/actions/acting/context.ts';
import { systemClock } from '../src/base/clock.ts';
import { endTree } from '../src/base/processes/end-tree.ts';
import { systemHost } from '../src/base/processes/host.ts';
import { installSupervisor } from '../src/machine/service/install-supervisor.ts';
import { SESSION_MARK } from '../src/providers/starting/environment.ts';
import { builtPrograms } from '../tests/support/built-programs.ts';
import { installCli } from '../tests/support/install-clis.ts';
import { recordPlace } from '../tests/support/recorded-place.ts';
import { type RigPlan, type SessionRig, startRig } from '../tests/support/session-rig.ts';
import { tempDir } from '../tests/support/temp-dir.ts';

Object.assign(globalThis, { __FAULTS__: false, __STRICT__: true, __VERSION__: '0.1.0' });

/** What a person had before. */
const OWN_SETTINGS = {
  '.claude/settings.json': '{\n\t"model": "opus",\n\t"permissions": { "deny": ["Bash(rm:*)"] }\n}\n',
  '.codex/config.toml': '# mine\nmodel = "gpt-5"\n\n[mcp_servers.other]\ncommand = "x"\n',
  '.gemini/settings.json': '{\n  // mine\n  "theme": "dark"\n}\n',
  '.config/Claude/claude_desktop_config.json': '{ "mcpServers": { "other": { "command": "x" } } }\n',
};

const HANGS_IN_IMPLEMENTATION = { rules: [{ when: { phase: 'implementation' }, do: [{ act: 'hang' }] }] };
const BLOCKS_IN_TESTING = {
  rules: [
    {
      when: { phase: 'testing' },
      do: [
        {
          act: 'signal-file',
          text: '{"status":"blocked","phase":"testing","reason":"No port is free.","needs":"human_decision"}\n',
        },
        { act: 'result' },
      ],
    },
  ],
};
const ALONE: RigPlan['start'] = { acceptSuggestions: true, autoApprove: true };

interface Moment {
  name: string;
  about: string;
  plan: RigPlan;
  reach(rig: SessionRig): Promise<unknown>;
}

const MOMENTS: Moment[] = [
  {
    name: 'waits-for-answers',
    about: 'waits for answers',
    plan: {},
    reach: (rig) => rig.untilWaiting('qa_answers'),
  },
  {
    name: 'waits-for-approval',
    about: 'questions answered, waits for the approval of its plan',
    plan: {},
    reach: async (rig) => {
      await rig.untilWaiting('qa_answers');
      await rig.answer();
      await rig.untilWaiting('plan_approval');
    },
  },
  {
    name: 'stopped',
    about: 'plan approved by a person, stopped in the first iteration of implementation',
    plan: { scenario: HANGS_IN_IMPLEMENTATION },
    reach: async (rig) => {
      await rig.untilWaiting('qa_answers');
      await rig.answer();
      await rig.untilWaiting('plan_approval');
      await rig.approve();
      await rig.until(
        ({ openIteration, progress }) => !!openIteration && progress.phase === 'implementation',
      );
      await rig.stop();
      await rig.until(({ status }) => status.kind === 'stopped');
    },
  },
  {
    name: 'died-in-iteration',
    about: 'worker and agent died with the machine in the first iteration of implementation',
    plan: { scenario: HANGS_IN_IMPLEMENTATION, start: ALONE },
    reach: (rig) =>
      rig.until(({ openIteration, progress }) => !!openIteration && progress.phase === 'implementation'),
  },
  {
    name: 'blocked',
    about: 'blocked in testing by a signal of the agent',
    plan: { scenario: BLOCKS_IN_TESTING, start: ALONE },
    reach: (rig) => rig.until(({ status }) => status.kind === 'blocked'),
  },
  {
    name: 'done',
    about: 'done, all phases behind it',
    plan: { start: ALONE },
    reach: (rig) => rig.until(({ status }) => status.kind === 'done'),
  },
];

const release = process.argv[2];
if (release === undefined) throw new Error('Name the release: npx tsx scripts/record-release.ts 0.1');
const host = await systemHost();
const target = (name: string) => join(import.meta.dirname, `../tests/golden/release-${release}`, name);
for (const { name, about, plan, reach } of MOMENTS) {
  await using rig = await startRig(plan);
  await reach(rig);
  // What derives from the last event is on disk a moment later; this script is no test.
  await systemClock.sleep(2000);
  await rig.killWorker();
  await endTree(
    undefined,
    { name: SESSION_MARK, value: rig.file.id },
    { host, clock: systemClock, graceMs: 0 },
  );
  await recordPlace(rig.repo.root, target(name), { about: `samocode ${release}: ${about}`, repo: 'repo' });
  console.log(`${name}: recorded`);
}

await recordClients();
for (const [platform, program] of [
  ['linux', 'systemctl'],
  ['darwin', 'launchctl'],
] as const) {
  await recordService(platform, program);
}

/** What `samocode install` leaves in a home with the real CLIs and a few settings of the person's own. */
async function recordClients(): Promise<void> {
  await using dir = await tempDir();
  const home = join(dir.path, 'home');
  for (const [path, text] of Object.entries(OWN_SETTINGS)) await write(join(home, path), text);
  const clis = await Promise.all((['claude', 'codex', 'gemini'] as const).map((name) => installCli(name)));
  const [claude, codex, gemini] = clis.map(({ path }) => path);
  const env = {
    HOME: home,
    PATH: process.env.PATH,
    CLAUDE_PATH: claude,
    CODEX_PATH: codex,
    GEMINI_PATH: gemini,
  };
  const samocode = join(import.meta.dirname, '../dist/samocode.js');
  execFileSync(process.execPath, [samocode, 'install'], {
    env,
    cwd: home,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const skip = /telemetry|backups|gemini-credentials|installation_id|home\/\.claude\.json|\/cache\/|\.tmp\//;
  await recordPlace(dir.path, target('clients'), {
    about: `samocode ${release}: installed in Claude Code, Codex, Gemini CLI and Claude Desktop`,
    skip,
  });
}

async function recordService(platform: NodeJS.Platform, name: string): Promise<void> {
  await using dir = await tempDir();
  const home = join(dir.path, 'home');
  const bin = join(dir.path, 'bin');
  await write(join(home, 'table'), '5 4 * * * backup\n');
  await write(
    join(bin, name),
    '#!/bin/sh\n[ "$1" = - ] && exec /bin/cat > "$HOME/table"\n[ "$1" = -l ] && exec /bin/cat "$HOME/table"\nexit 0\n',
  );
  await chmod(join(bin, name), 0o755);
  const context = await contextFor(home, { PATH: bin });
  const program = '/opt/samocode/supervisor.cjs';
  const { services } = await installSupervisor({ program, dryRun: false, platform }, context);
  await recordPlace(dir.path, target(`service-${services.join('-')}`), {
    about: `samocode ${release}: the supervisor as a service of ${services.join(', ')}`,
  });
  console.log(`service: ${services.join(', ')}`);
}

async function contextFor(home: string, env: Record<string, string>): Promise<ActionContext> {
  const programs = await builtPrograms();
  return {
    clock: systemClock,
    host,
    env: { HOME: home, ...env },
    home,
    cwd: home,
    by: { channel: 'cli' },
    programs,
  };
}

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}
