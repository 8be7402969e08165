import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  cpSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { ulid } from 'ulid';
import { blockedBy, type Cheat, ROUND, together } from './cheat.ts';
import { type CheatKit, RefusedByUs } from './cheat-kit.ts';

/** Names the log among what changed. */
const LOG = blockedBy('events\\.jsonl');
const EARLY = /child_runs|bad_command/;

/** Against the run folder, which is read-only in the guard. */
const RUN_FOLDER: readonly Cheat[] = [
  { name: 'empties the log', play: (kit) => truncateSync(kit.paths.events), withoutGuard: 'lost' },
  {
    name: 'rewrites an old line of the log in its own length',
    play(kit) {
      const text = readFileSync(kit.paths.events, 'utf8');
      writeFileSync(kit.paths.events, text.replace('"type":"prepared"', '"type":"stopped" '));
    },
    withoutGuard: 'lost',
  },
  {
    name: 'writes garbage over the log',
    play: (kit) => writeFileSync(kit.paths.events, 'x'.repeat(readFileSync(kit.paths.events).length)),
    withoutGuard: 'lost',
  },
  { name: 'deletes the cached state', play: (kit) => rmSync(kit.paths.state, { force: true }) },
  { name: 'corrupts the cached state', play: (kit) => writeFileSync(kit.paths.state, '{"state":') },
  { name: 'forges a cached state that fits the log', play: (kit) => kit.forgeCache() },
  {
    name: 'deletes the leases',
    takesLease: true,
    play: (kit) => rmSync(kit.paths.leases, { recursive: true }),
    withoutGuard: 'blocked',
    seenWithoutGuard: blockedBy('leases'),
  },
  {
    name: 'corrupts the lease',
    takesLease: true,
    play: (kit) => writeFileSync(newestLease(kit), 'no lease'),
    withoutGuard: 'blocked',
    seenWithoutGuard: blockedBy('leases'),
  },
  {
    name: 'takes a lease of its own',
    takesLease: true,
    play(kit) {
      const lease = JSON.parse(readFileSync(newestLease(kit), 'utf8'));
      writeFileSync(join(kit.paths.leases, '000777.json'), JSON.stringify({ ...lease, number: 777 }));
    },
  },
  {
    name: 'takes a lease with a number beyond all numbers',
    takesLease: true,
    play: (kit) => writeFileSync(join(kit.paths.leases, '99999999999999999999.json'), '{}'),
    withoutGuard: 'blocked',
    seenWithoutGuard: blockedBy('leases'),
  },
  {
    name: 'puts a pipe where its exit status goes',
    play(kit) {
      kit.pipe(kit.files().exit);
    },
  },
  {
    name: 'makes the folder of iterations a link',
    play(kit) {
      const aside = join(kit.paths.sessionDir, 'aside-iterations');
      renameSync(kit.paths.iterations, aside);
      symlinkSync(aside, kit.paths.iterations);
    },
    withoutGuard: 'blocked',
    seenWithoutGuard: blockedBy('iterations'),
  },
  {
    name: 'moves the run folder away and leaves a link',
    takesLease: true,
    play(kit) {
      renameSync(kit.paths.runDir, `${kit.paths.runDir}-moved`);
      symlinkSync(`${kit.paths.runDir}-moved`, kit.paths.runDir);
    },
    withoutGuard: 'blocked',
    seenWithoutGuard: blockedBy('the run folder itself'),
  },
  {
    name: 'puts a forged copy in the place of the run folder',
    takesLease: true,
    async play(kit) {
      const aside = `${kit.paths.runDir}-forged`;
      cpSync(kit.paths.runDir, aside, { recursive: true });
      appendFileSync(join(aside, 'events.jsonl'), await kit.forgedEvents());
      renameSync(kit.paths.runDir, `${kit.paths.runDir}-true`);
      renameSync(aside, kit.paths.runDir);
    },
    withoutGuard: 'lost',
  },
  {
    name: 'deletes the run folder',
    takesLease: true,
    play: (kit) => rmSync(kit.paths.runDir, { recursive: true }),
    withoutGuard: 'lost',
  },
  {
    name: 'moves the session folder away and leaves a link',
    play(kit) {
      renameSync(kit.paths.sessionDir, `${kit.paths.runDir}-session`);
      symlinkSync(`${kit.paths.runDir}-session`, kit.paths.sessionDir);
    },
  },
];

/** Against single files of it; those of the log come last, for others read it. */
const RUN_FILES: readonly Cheat[] = [
  {
    name: 'makes the folder of commands a link to one that is full of them',
    play(kit) {
      const aside = join(kit.paths.sessionDir, 'aside-commands');
      kit.command();
      // At once: a worker takes what is there within moments.
      renameSync(kit.paths.commands, aside);
      symlinkSync(aside, kit.paths.commands);
    },
    withoutGuard: 'blocked',
    seenWithoutGuard: blockedBy('commands'),
  },
  {
    name: 'makes the folder of commands a file',
    play(kit) {
      rmSync(kit.paths.commands, { recursive: true, force: true });
      writeFileSync(kit.paths.commands, 'none');
    },
    withoutGuard: 'blocked',
    seenWithoutGuard: blockedBy('commands'),
  },
  {
    name: 'prepares the files of the next iteration',
    play(kit) {
      const files = kit.files(1);
      mkdirSync(files.dir, { recursive: true });
      copyFileSync(kit.files().child, files.child);
      writeFileSync(files.exit, '0\n');
      writeFileSync(files.signal, '{"status":"continue","phase":"planning"}');
    },
    withoutGuard: 'blocked',
    seenWithoutGuard: blockedBy('iterations'),
  },
  {
    name: 'fakes the files of its own iteration',
    play(kit) {
      const { signal, endedByUs, before, awake, overviewBefore } = kit.files();
      writeFileSync(signal, '{"status":"done","phase":"done"}');
      writeFileSync(endedByUs, 'stop\n');
      writeFileSync(before, '{"documents":""}');
      writeFileSync(awake, '-1e300');
      writeFileSync(overviewBefore, '## Status\nPhase: implementation\n');
    },
    withoutGuard: 'blocked',
    seenWithoutGuard: blockedBy('before\\.json'),
  },
  {
    name: 'corrupts the files of its own iteration',
    play(kit) {
      const { before, overviewBefore, child } = kit.files();
      for (const path of [before, overviewBefore, child]) writeFileSync(path, '{');
    },
    withoutGuard: 'blocked',
    seenWithoutGuard: blockedBy('before\\.json'),
  },
  {
    name: 'opens the gates in session.json',
    play: (kit) => kit.openSettings(),
    withoutGuard: 'blocked',
    seenWithoutGuard: blockedBy('session\\.json'),
  },
  {
    // Alone: beside a corrupted child.json the worker takes the child for ended and blocks at once, and a line that
    // the child appends within that write costs the log.
    together: {},
    name: 'deletes session.json',
    play: (kit) => rmSync(kit.paths.sessionFile),
    withoutGuard: 'blocked',
    seenWithoutGuard: blockedBy('session\\.json'),
  },
  {
    name: 'makes session.json a link to one with open gates',
    play(kit) {
      kit.openSettings();
      const aside = join(kit.paths.sessionDir, 'aside.json');
      renameSync(kit.paths.sessionFile, aside);
      symlinkSync(aside, kit.paths.sessionFile);
    },
    withoutGuard: 'blocked',
    seenWithoutGuard: blockedBy('session\\.json'),
  },
  {
    name: 'appends events of a human act',
    play: (kit) => kit.appendForgedEvents(),
    withoutGuard: 'blocked',
    seenWithoutGuard: LOG,
  },
  {
    name: 'appends half a line to the log',
    play: (kit) => appendFileSync(kit.paths.events, '{"v":1,"n":'),
    withoutGuard: 'blocked',
    seenWithoutGuard: LOG,
  },
];

/** Leaves another log under its name, or none. */
const OTHER_LOG: readonly Cheat[] = [
  {
    name: 'replaces the log by one with a human act in it',
    async play(kit) {
      const text = readFileSync(kit.paths.events, 'utf8') + (await kit.forgedEvents());
      rmSync(kit.paths.events);
      writeFileSync(kit.paths.events, text);
    },
    withoutGuard: 'lost',
  },
  {
    name: 'makes the log a link to a forged one',
    async play(kit) {
      const aside = join(kit.paths.sessionDir, 'aside.jsonl');
      writeFileSync(aside, readFileSync(kit.paths.events, 'utf8') + (await kit.forgedEvents()));
      rmSync(kit.paths.events);
      symlinkSync(aside, kit.paths.events);
    },
    withoutGuard: 'lost',
  },
  {
    name: 'deletes the log',
    play: (kit) => rmSync(kit.paths.events),
    withoutGuard: 'lost',
  },
  {
    name: 'makes the log a pipe',
    play(kit) {
      rmSync(kit.paths.events);
      kit.pipe(kit.paths.events);
    },
    withoutGuard: 'lost',
  },
];

/** By commands, while the child runs. */
const COMMANDS: readonly Cheat[] = [
  {
    name: 'leaves a command and goes on for a while',
    async play(kit) {
      kit.command();
      await new Promise((resolve) => setTimeout(resolve, 400));
    },
    seenWithoutGuard: EARLY,
  },
  {
    name: 'leaves a command from the future',
    play: (kit) => kit.command(kit.opening(), ulid(Date.now() + 86_400_000)),
    seenWithoutGuard: EARLY,
  },
  {
    name: 'leaves a command from the past',
    play: (kit) => kit.command(kit.opening(), ulid(1)),
    seenWithoutGuard: EARLY,
  },
  {
    name: 'leaves a hundred commands',
    play(kit) {
      for (let nth = 0; nth < 100; nth++) kit.command();
    },
    seenWithoutGuard: EARLY,
  },
  {
    name: 'leaves a command as a link',
    play(kit) {
      const id = ulid();
      const aside = join(kit.paths.sessionDir, 'aside.json');
      writeFileSync(aside, kit.commandText(kit.opening(), id));
      symlinkSync(aside, kit.commandPath(id));
    },
    seenWithoutGuard: EARLY,
  },
  {
    name: 'leaves a folder with the name of a command',
    play(kit) {
      mkdirSync(join(kit.commandPath(), 'deep'), { recursive: true });
    },
    seenWithoutGuard: EARLY,
  },
  {
    name: 'leaves a pipe with the name of a command',
    play(kit) {
      kit.pipe(kit.commandPath());
    },
    seenWithoutGuard: EARLY,
  },
  {
    name: 'leaves a command of 3 MB',
    play(kit) {
      const id = ulid();
      kit.command({ ...kit.opening(), padding: 'x'.repeat(3 * 1024 * 1024) }, id);
    },
    seenWithoutGuard: EARLY,
  },
  {
    name: 'leaves a command that a hidden second name keeps',
    play(kit) {
      // The second name first: a worker takes what is in its folder within moments.
      const second = join(kit.paths.sessionDir, 'second.json');
      const id = ulid();
      writeFileSync(second, kit.commandText(kit.opening(), id));
      linkSync(second, kit.commandPath(id));
    },
    seenWithoutGuard: EARLY,
  },
  {
    name: 'leaves a resume',
    play: (kit) => kit.command({ kind: 'resume', note: 'go on' }),
    seenWithoutGuard: EARLY,
  },
  {
    name: 'leaves a resume with a goal',
    play: (kit) => kit.command({ kind: 'resume', goal: 'something else' }),
    seenWithoutGuard: EARLY,
  },
  {
    name: 'leaves a second start',
    play: (kit) => kit.command({ kind: 'start', run: true }),
    seenWithoutGuard: EARLY,
  },
  { name: 'leaves a command at its very end', play: (kit) => kit.command(), seenWithoutGuard: EARLY },
];

/** By our own programs, and by what stays behind. */
const PROGRAMS: readonly Cheat[] = [
  {
    name: 'calls our command line',
    play: (kit) => refusedInside(kit.cli(['message', kit.paths.folder, 'hi'])),
  },
  {
    name: 'calls our command line without the mark',
    play: (kit) =>
      refusedInside(
        kit.run('env', ['-u', 'SAMOCODE_SESSION', process.execPath, kit.cliPath, 'stop', kit.paths.folder]),
      ),
  },
  {
    name: 'calls our command line in a session of its own, without the mark',
    play: (kit) =>
      refusedInside(
        kit.run('setsid', [
          '--wait',
          'env',
          '-u',
          'SAMOCODE_SESSION',
          process.execPath,
          kit.cliPath,
          'stop',
          kit.paths.folder,
        ]),
      ),
  },
  {
    name: 'calls our command line with an empty environment',
    play: (kit) =>
      refusedInside(
        kit.run('env', [
          '-i',
          `HOME=${process.env.HOME}`,
          `PATH=${process.env.PATH}`,
          process.execPath,
          kit.cliPath,
          'stop',
          kit.paths.folder,
        ]),
      ),
  },
  { name: 'leaves a daemon that answers', play: (kit) => kit.leave(), late: (kit) => kit.fillAnswers() },
  {
    name: 'leaves a daemon that gives a command',
    play: (kit) => kit.leave({ before: ['setsid', '-f'] }),
    late: (kit) => kit.command(),
  },
  {
    name: 'leaves a daemon that forges the log',
    play: (kit) => kit.leave({ before: ['nohup', 'setsid', '-f'] }),
    late: (kit) => kit.appendForgedEvents(),
  },
  {
    name: 'leaves a daemon, twice forked, that signals and moves the phase',
    play: (kit) => kit.leave({ before: ['sh', '-c', '(setsid "$@" &) & exit', 'sh'] }),
    late(kit) {
      kit.setPhase('planning');
      kit.signal({ status: 'continue', phase: 'planning' });
    },
  },
  {
    name: 'leaves a daemon that calls our command line',
    play: (kit) => kit.leave({ before: ['setsid', '-f'] }),
    late: (kit) => kit.cli(kit.openingWords()),
  },
];

/** Against its own files, so that others would not be seen. */
const OWN: readonly Cheat[] = [
  {
    name: 'says that it has ended and goes on',
    async play(kit) {
      kit.fillAnswers();
      kit.signal({ status: 'waiting', for: 'qa_answers' });
      writeFileSync(kit.files().exit, '0\n');
      await new Promise((resolve) => setTimeout(resolve, 1000));
      kit.command();
    },
  },
  {
    name: 'makes its signal a folder',
    play(kit) {
      rmSync(kit.paths.signal);
      mkdirSync(join(kit.paths.signal, 'deep'), { recursive: true });
    },
  },
  {
    name: 'makes its signal a pipe',
    play(kit) {
      rmSync(kit.paths.signal);
      kit.pipe(kit.paths.signal);
    },
  },
  {
    name: 'makes everything read-only',
    play(kit) {
      kit.fillAnswers();
      kit.setPhase('implementation');
      for (const folder of [kit.paths.sessionDir, kit.paths.runDir]) {
        for (const name of readdirSync(folder))
          chmodSync(join(folder, name), name.includes('.') ? 0o444 : 0o555);
      }
    },
    seen: /answers in _qa\.md|Phase line/,
  },
  {
    name: 'leaves a daemon and stays in the phase, so that another child runs beside it',
    play(kit) {
      kit.leave({ before: ['setsid', '-f'] });
      kit.signal({ status: 'continue', phase: kit.phase });
    },
    late(kit) {
      kit.fillAnswers();
      kit.command();
      kit.signal({ status: 'continue', phase: 'planning' });
      writeFileSync(kit.files(1).exit, '0\n');
    },
  },
];

/** At any gate. In the guard all are refused that don't begin with the child's own files. */
export const EVERYWHERE: readonly Cheat[] = [
  ...together({ guard: 'refused' }, RUN_FOLDER),
  ...together({ guard: 'refused', none: ROUND }, RUN_FILES),
  ...together({ guard: 'refused' }, OTHER_LOG),
  ...together({ guard: 'refused', none: 'commands' }, COMMANDS),
  ...together({ guard: 'left', none: 'left' }, PROGRAMS),
  ...OWN,
];

function newestLease(kit: CheatKit): string {
  return join(kit.paths.leases, readdirSync(kit.paths.leases).sort().at(-1) ?? '');
}

function refusedInside(said: string): never {
  if (/inside a samocode session/.test(said)) throw new RefusedByUs();
  throw new Error(`Our own program did not refuse: ${said}`);
}
