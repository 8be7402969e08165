import { allProviders } from '../../src/core/agents/registry.ts';
import type { SettingSpec } from '../../src/core/project/settings/setting-spec.ts';
import { settingRows } from '../../src/core/project/settings/settings.ts';
import { codes, type Page, table } from './page.ts';

export const settingsPage: Page = { path: 'docs/settings.md', render };

const AGENTS = allProviders()
  .map(({ name }) => name)
  .join(', ');

function render(): string {
  return `# Settings

<!-- Written by \`npm run docs\` from the tables in src/core/project. Change the code, then run it again. -->

One \`KEY=value\` per line, \`#\` begins a comment; commas separate the items of a list. \`samocode config\` shows those that are set, and
where they come from. \`<agent>\` is one of ${AGENTS}.

The five that matter most:

| setting | why |
| --- | --- |
| \`CHECK=npm test\` | must exit 0 on a fresh clone before a session is done; without it, only the checks of the session's own plan run |
| \`PROVIDER=codex\` | which agent CLI does the work, and on whose account |
| \`MAX_COST_USD=10\` | nothing limits the cost until you do; \`MAX_COST_USD_PER_DAY\` limits the whole machine |
| \`SANDBOX=guard\` | no session starts without the kernel's sandbox |
| \`GATE_CHANNELS=person\` | no model and no program answers questions or approves plans, only a person |

## In \`.samocode\`, for one project

${settingsTable('project')}

- **Per session**: a single session can be given another value of ${named(ofProject(({ perSession }) => perSession))}, if
  \`start_session\` or \`samocode start\` accepts it.
- **Needs trust**: a \`.samocode\` that sets one of these takes effect only after you trust it. It is run:
  ${named(ofProject(({ risk }) => risk === 'runs'))}. It may relax a rule:
  ${named(ofProject(({ risk }) => risk === 'loosens'))}. It lies, after links, [outside of the folder](#what-a-samocode-can-do-before-you-trust-it) of the file:
  ${named(ofProject(({ risk, reach }) => risk === undefined && reach?.within === 'folder'))}.
- **Elsewhere**, in the environment or in \`.env\` of the folder \`~/.config/samocode\`: ${elsewhere()}.

### Which sandbox

- **\`SANDBOX=auto\`**: agents run in [the guard](security.md#in-the-guard) (bubblewrap on Linux, sandbox-exec on macOS) where it works on this machine, and
  without it elsewhere.
- **\`SANDBOX=guard\`**: where it does not work, no session starts. Stricter than the default, so it needs no trust.
- **\`SANDBOX=strict\`**: in addition, agents, SETUP and CHECK have [no environment and network](security.md#strict) but what the settings below name. Recommended for
  unattended work. Linux with bubblewrap only.
- **\`SANDBOX=off\`**: agents can write wherever you can. For a machine or a container that is isolated enough.
- **\`SANDBOX_WRITE\`**: add a path when a tool of your project fails with "Read-only file system". \`SANDBOX_WRITE=~/.npm-global\` lets agents install
  programs that you run later; \`SANDBOX_WRITE=~\` opens [your home folder](security.md#your-home-folder) except what samocode protects.
- **\`SANDBOX_ENV\`** names variables that agents, \`SETUP\` and checks get although they are named like a secret, such as \`NPM_TOKEN\`, \`PGPASSWORD\`,
  \`AWS_*\` or \`DATABASE_URL\` ([which are left out](security.md#environment)). \`init\` proposes those that your project's files name.
- **\`SANDBOX_READ\`**: what agents and checks may read besides, in \`guard\` too, such as [a file of your home](security.md#your-home-folder).
- Only for [\`strict\`](security.md#strict): **\`SANDBOX_HOSTS\`** (\`packages\` stands for the registries of npm, PyPI, crates, Go, Maven, RubyGems, Packagist, NuGet and Hex, and
  for GitHub; the service of the agent's CLI is allowed without it), **\`SANDBOX_PORTS\`** (a database on this machine).

\`sandbox\` of \`start_session\` and \`--sandbox\` of \`samocode start\` choose for one session. A session may always be given
a stricter one; only a person, in a terminal of their own, may choose a weaker one than the project's.

### What checks see of home

Checks of a fresh clone have an empty home, so that nothing that an agent left there can affect their result. They see programs in folders
such as \`~/.nvm\` and \`~/.local/bin\`, and your name and address for commits. **\`CHECK_HOME\`** names what else your project needs:
settings (\`.m2/settings.xml\`, \`.npmrc\`), downloads (\`.cache/ms-playwright\`, \`.cargo/registry\`), other folders of programs. All of it is
read-only in the sandbox. An agent that can write there can affect the result of checks, and a check can print it, so name files rather than folders.

## What a \`.samocode\` can do before you trust it

A cloned repository brings its \`.samocode\`. These rules hold until you trust that content of the file with \`samocode trust\`:

- \`MAIN_REPO\` is the repository around the file, or lies in the file's folder. It has an entry \`.git\`, whoever trusts the file.
- \`WORKTREES\`, \`SESSIONS\` and \`CONSTRAINTS\` lie below the file's folder, once links are followed. \`CONSTRAINTS\` is a plain file of at most 1 MiB.
- The owner of \`WORKTREES\` and \`SESSIONS\` is you, or the owner of MAIN_REPO, and they are neither below \`~/.config/samocode\` nor in a dot-folder of home that does not contain the file as well.
- Any other place is a line that needs trust: nothing is read from it, listed, watched or written before. The file that \`samocode init\` writes in a terminal is
  trusted at once; one that a script or a model has written is not.
- Whoever trusts the file, no repository around \`WORKTREES\` tracks anything there, a submodule above it included; the repository with
  the code tracks nothing in \`SESSIONS\` either (a repository of notes may), and none has the state folder in your home. No part of these paths is a link inside a repository, or below \`WORKTREES\`: a pull could exchange it.
  Links outside of every repository are followed. Set-up, starts, resumes and workers refuse what they find (\`place_not_ours\`), with the link or file and the command that removes it.
- \`CHECK_COPY\` copies nothing but ignored files of MAIN_REPO, and follows no link out of it, whoever trusts the file.

What each line makes samocode do, at once or, where it [needs trust](#in-samocode-for-one-project), once you trust it; a setting that is not listed sets a limit, a time or a name:

${reaches()}

## In the environment, or in \`~/.config/samocode/.env\`, for this machine

${settingsTable('machine')}

\`<CLI>\` is the agent's CLI: ${clis()}, as in \`CODEX_MODEL\`.

Only in the environment: \`SAMOCODE_SUPERVISOR=off\` starts no supervisor, \`SAMOCODE_REVIVE=off\` continues no session that
has lost its worker ([supervisor.md](supervisor.md)).

## Secrets, in the same places, never shown

${settingsTable('secret')}
`;
}

function settingsTable(scope: SettingSpec['scope']): string {
  const specs = settingRows().filter((spec) => spec.scope === scope);
  const ofOne = specs.filter((spec) => !isOfEachCli(spec)).map(plainRow);
  const ofEach =
    scope === 'machine' ? OF_EACH_CLI.map((row) => rowOfEach(row, specs.filter(isOfEachCli))) : [];
  return table(['setting', 'value', 'default', 'what it does'], [...ofOne, ...ofEach]);
}

interface SettingOfEach {
  end: string;
  /** Its default with most agent CLIs. */
  usual(cli: string): string;
  shown: string;
  doc: string;
}

/** Settings that each agent CLI has: one row for all, which names the defaults that differ. */
const OF_EACH_CLI: SettingOfEach[] = [
  {
    end: '_PATH',
    usual: (cli) => cli,
    shown: 'the name of the CLI',
    doc: 'Its program; that of `ACP` is ACP_COMMAND.',
  },
  { end: '_MODEL', usual: () => '', shown: '–', doc: "Its model; if unset, the CLI's own default." },
  { end: '_TIMEOUT', usual: () => '1800', shown: '`1800`', doc: 'How long it may run for one iteration.' },
];

function isOfEachCli({ key }: SettingSpec): boolean {
  return allProviders().some(({ name }) =>
    OF_EACH_CLI.some(({ end }) => key === `${name.toUpperCase()}${end}`),
  );
}

function rowOfEach({ end, usual, shown, doc }: SettingOfEach, specs: readonly SettingSpec[]): string[] {
  const own = specs.filter(({ key }) => key.endsWith(end));
  const others = own.filter((spec) => spec.default !== usual(spec.key.slice(0, -end.length).toLowerCase()));
  const named = others.map((spec) => `\`${spec.key}\`: ${defaultOf(spec.default, undefined)}`);
  return [`\`<CLI>${end}\``, formOf(own[0]?.form ?? ''), [shown, ...named].join('; '), doc];
}

function clis(): string {
  const named = allProviders().filter(({ settings }) => settings !== undefined);
  return named.map(({ name }) => `\`${name.toUpperCase()}\``).join(', ');
}

function plainRow({ key, form, default: byDefault, byPlace, example, doc }: SettingSpec): string[] {
  const line = example && (example.includes('=') ? example : `${key}=${example}`);
  return [
    `\`${key}\``,
    formOf(form),
    defaultOf(byDefault, byPlace),
    line ? `${doc} For example \`${line}\`.` : doc,
  ];
}

function defaultOf(byDefault: string | undefined, byPlace: string | undefined): string {
  if (byPlace !== undefined) return byPlace.includes('/') ? `\`${byPlace}\`` : byPlace;
  return byDefault ? `\`${byDefault}\`` : '–';
}

/** What every row would repeat is said once at the top of the page. */
function formOf(form: string): string {
  return form
    .replace(`one of ${AGENTS}`, '`<agent>`')
    .replace(AGENTS, '`<agent>`')
    .replace('a comma-separated list', 'a list');
}

function ofProject(isMeant: (spec: SettingSpec) => unknown): SettingSpec[] {
  return settingRows().filter((spec) => spec.scope === 'project' && isMeant(spec));
}

function named(specs: readonly SettingSpec[]): string {
  return codes(specs.map(({ key }) => key));
}

function elsewhere(): string {
  const pairs = ofProject(({ pairedWith, pairedPerProvider }) => pairedWith ?? pairedPerProvider);
  return pairs
    .map(({ key, pairedWith, pairedPerProvider }) => {
      const other = pairedWith ?? `<CLI>_${pairedPerProvider}`;
      return other === key ? codes([key]) : `${codes([key])} as ${codes([other])}`;
    })
    .join(', ');
}

/** What each line of a project's file makes samocode do; settings that do the same share a line. */
function reaches(): string {
  const keysByWords = new Map<string, string[]>();
  for (const { key, reach = {} } of settingRows()) {
    const { read, write, run, send } = reach;
    const does = Object.entries({ Reads: read, Writes: write, Runs: run, Sends: send }).flatMap(
      ([verb, what]) => (what === undefined ? [] : [`${verb} ${what}.`]),
    );
    if (does.length > 0) keysByWords.set(does.join(' '), [...(keysByWords.get(does.join(' ')) ?? []), key]);
  }
  return [...keysByWords]
    .map(([words, keys]) => `- ${codes(keys)}: ${words[0]?.toLowerCase()}${words.slice(1)}`)
    .join('\n');
}
