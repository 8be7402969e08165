/** A task from the history of a public library, in our own words, at the commit before the library's own fix. */
interface PlayTask {
  repository: string;
  /** The commit that the session begins from, and the fix, whose tests stay aside until the session is done. */
  commit: string;
  fix: string;
  /** How the session is started: options of `samocode start`. */
  options: readonly string[];
  task: string;
  /** A plan that the person gives, for `--plan`. */
  plan?: string;
}

const P_QUEUE = 'https://github.com/sindresorhus/p-queue';

export const PLAY_TASKS: Readonly<Record<string, PlayTask>> = {
  'late-limiter': {
    repository: P_QUEUE,
    commit: '98ccb488771059368b21cc2356234a70dc961c8b',
    fix: '89a10bb7ade7928f484acab428c6e89fb144fedb',
    options: [],
    task: 'With intervalCap above 1, a queue that was idle for a while starts tasks late: a slot used late in an interval seems to move the beginning of the next one. Tasks of a fresh interval shall start at once, up to the cap, and the cap shall hold in every interval, also with carried over tasks.',
  },
  'remaining-time': {
    repository: P_QUEUE,
    commit: 'fc4b7369d915ade31416d603fd35fd26c1885851',
    fix: '57d0a1a3ef683c3491aff71e03a4e3dfb4ed95a2',
    options: [],
    task: 'Each entry of runningTasks gets timeoutRemaining: the milliseconds until the task times out, undefined without a timeout. The readme says so.',
  },
  'unchecked-timeout': {
    repository: P_QUEUE,
    commit: 'a06fbc928725f074c72716e1ba21106df6822dae',
    fix: '9efde425e233ab59ff3e6842430d40fd2208c103',
    options: ['--quick'],
    task: 'The timeout option of add() takes zero, negative numbers and NaN, which the constructor refuses. It shall refuse the same values with the same error, as a rejection.',
  },
  'late-waiter': {
    repository: P_QUEUE,
    commit: 'cfa917af261fb6db9eb1281221ba21093eb49e3d',
    fix: 'd9cf2be011f3b7f127cac476de2d9927ed723491',
    options: [],
    task: 'onSizeLessThan() resolves late.',
    plan: `# onSizeLessThan() resolves late

onSizeLessThan(n) waits for a task to complete, although the queue may become shorter before: by start(), by a higher
concurrency, or by clear().

- [ ] It resolves as soon as the size is below n, whatever made it so. Check: \`npx tsx --test test/basic.ts\`
- [ ] A waiter that has resolved leaves no listener behind
`,
  },
};
