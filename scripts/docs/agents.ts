import type { Provider, ToolTable, VendorFacts } from '../../src/core/agents/contract/provider.ts';
import { allProviders } from '../../src/core/agents/registry.ts';
import { type Page, table } from './page.ts';

export const agentsPage: Page = { path: 'docs/agents.md', render };

function render(): string {
  return `# Agents

<!-- Written by \`npm run docs\` from the facts of each provider in src/. Change the code, then run it again. -->

The CLI that [\`PROVIDER\`](settings.md) names does the work, under your own account. Its vendor decides who may log in, and can change that at any time. The table says
what was read and tried, and when.

${agentsTable()}

\`PROVIDER=acp\` starts [any other agent](guides/any-agent.md) of the Agent Client Protocol.

## Tools

Agents get the tools of a list and no others, so a new one of an update stays closed until it was judged. The tools of [MCP servers](settings.md) are offered besides. Claude Code
prints what it offers when it starts: what differs from the list is a notice in the session, and an agent of a phase of work without a shell or a way to edit is ended before it does
anything; the session then blocks and names the version. What an agent may do *with* a tool is said by [\`PERMISSIONS\` and the guard](security.md#what-a-phase-may-do). Gemini CLI is
not in the table: with \`PERMISSIONS=allow\` a policy lists its tools, with \`skip\` it offers its own. The other agents offer what they offer by default.

${toolsTable()}

What is closed, and why:

${closedTools()}

## The vendor's reviewer

With \`PERMISSIONS=auto\`, agents of init, implementation, testing, quality and done act without a person, and a model of their vendor judges what they do; in the other phases they are granted what
\`allow\` grants. ${reviewed()} have one; a start with any other agent, also for one phase or as \`FALLBACK\`, is refused. This is not a boundary: the guard is one, and holds as well.

- **Claude Code** (\`--permission-mode auto\`) judges neither reading nor edits in the worktree and the session folder, nor, by rules that samocode adds, \`git\` with \`add\`, \`commit\`, \`status\`, \`diff\`,
  \`log\`, \`show\`, \`mv\`, \`rm\` or \`restore\`, nor \`SETUP\` and each check exactly as the settings have them (one with \`*\`, \`(\`, \`)\`, \`,\` or \`\\\` is judged each time). Everything else is judged: a push, the web, helpers, the tools of MCP servers.
- **A model or settings without that mode** make it work in another one without a word. Its first line says which: if that is not \`auto\`, the agent is ended before its first tool, and the session blocks with the
  model. Nothing is tried again with \`skip\`.
- **Behind a gateway** (\`ANTHROPIC_BASE_URL\`) everything that would be judged is denied unless the gateway passes the questions on. So a start is refused there, unless \`.samocode\` has \`GATEWAY_REVIEWED=yes\` and
  you trust that line. A gateway that only Claude Code's own settings name is not seen at the start: the session then blocks after three denials, which say so.
- **Codex** (\`--approve-for-me\`) runs commands in its own sandbox, with the folders that it gets with \`allow\`; judged is what its model asks to run outside, and commands such as \`rm -f\`.
- **Three denials without a successful call between them** end the agent, and the session blocks in the reviewer's words. A denial by a rule of yours does not count. Codex ends by itself then, without
  a last message; that is read as the same, not as a crash. Claude Code 2.1.197, the oldest version that works, prints no denial before its last message, so its agents are not ended.
- **Cost**: what Claude Code's reviewer costs is in the figures of its last message where the client asks it; whether that of its service is, was not seen. Codex prints nothing of
  its reviewer, so its tokens are read from Codex's own logs once the agent has ended: no limit sees them earlier.

It was tried with the real CLIs against a stub of their services. **Not shown**, because it needs a login:

- what the real reviewers allow and deny in a day's work, and how long they take;
- which accounts, plans and clouds (Bedrock, Vertex AI, Foundry) have Claude Code's, and what its service charges for it or counts towards a plan's limits;
- Claude Code's check at its service, and a gateway that passes the questions on;

- whether a chat in auto mode lets its model start samocode without the rules that \`samocode install\` writes.

## Before an agent ends

Claude Code and Codex run a hook of samocode when their agent would end. It reads what the agent wrote and sends it back, twice at most, with all that the worker
would refuse: a signal that its phase does not have, a ledger or a plan out of form, questions out of order. In a sandbox, with \`PERMISSIONS=skip\`, it also runs the checks of the
ledger once: before the work a \`new\` one must fail, and one that \`stays\` must pass. An agent of another CLI, or of Codex with \`features.hooks=false\`, ends; the next agent is told.

## Windows of the plan

With [\`KEEP_5H\` and \`KEEP_7D\`](settings.md) a part of your plan stays for you ([how](supervisor.md#a-part-of-the-plan-for-you)). What is used is known from:

| agent | while it works | before an agent begins |
| --- | --- | --- |
| Claude Code | its output, with the login of a plan | \`get_usage\` on its input, in an empty folder of ours, without settings or a prompt |
| Codex | the log of its thread | \`account/rateLimits/read\` of \`codex app-server\` |

The other agents, and both of these with a key, have no window that is known: nothing of them is kept. Before an agent begins, the CLI itself is asked, at most once in five minutes for a login and a machine;
no model is asked, and a failure is ignored.

**Not shown**, because it needs a login with a plan: figures of Claude Code in the answer to \`get_usage\`, which its vendor calls experimental (2.1.332 answered, with an invented login, that it has none); the order
and length of Codex's windows at its real service (0.171.0 was answered by a stand-in); whether either counts work on another machine at once; and what a login by \`CLAUDE_CODE_OAUTH_TOKEN\` may ask.

## Gemini CLI

Set \`GEMINI_API_KEY\` in the environment; agents in the sandbox get it. With an enterprise licence, run \`gemini\` once and log in. As an individual, take a key.


## Antigravity CLI

It is not among the agents, as it cannot be installed for tests. It would need a key: its vendor's [FAQ](https://antigravity.google/docs/faq), read on 2026-11-26, says that
using its login by third-party software violates the terms of service.
`;
}

function reviewed(): string {
  return allProviders()
    .filter(({ reviewer }) => reviewer)
    .map(({ title }) => title)
    .join(' and ');
}

function agentsTable(): string {
  const rows = allProviders().flatMap((provider) => {
    const { facts } = provider;
    return facts === undefined ? [] : [row(provider, facts)];
  });
  return table(['agent', '`PROVIDER`', 'who may log in', 'versions tried', 'read on'], rows);
}

function row(
  { name, title }: Pick<Provider, 'name' | 'title'>,
  { accounts, refused, tested, readOn, source }: VendorFacts,
): string[] {
  const who = refused === undefined ? accounts : `${accounts} (refused: ${refused})`;
  return [title, `\`${name}\``, who, versions(tested), `[${readOn}](${source})`];
}

function versions(tested: VendorFacts['tested']): string {
  if (tested === undefined) return 'not tried';
  const { oldest, newest } = tested;
  return oldest === newest ? newest : `${oldest} to ${newest}`;
}

function judged(): { title: string; tools: ToolTable }[] {
  return allProviders().flatMap(({ title, tools }: Provider) => (tools ? [{ title, tools }] : []));
}

function inCode(names: readonly string[]): string {
  return names
    .toSorted()
    .map((name) => `\`${name}\``)
    .join(' ');
}

function toolsTable(): string {
  const rows = judged().map(({ title, tools: { offered } }) => {
    const added = offered.work.filter((name) => !offered.documents.includes(name));
    const more = added.length > 0 ? `; in phases of work also ${inCode(added)}` : '';
    return [title, `${inCode(offered.documents)}${more}`];
  });
  return table(['agent', 'tools'], rows);
}

function closedTools(): string {
  const rows = judged().flatMap(({ title, tools: { closed, unclosable = {} } }) => [
    ...byReason(closed).map((row) => [title, ...row]),
    ...byReason(unclosable).map(([names = '', reason]) => [title, `${names} (no option closes it)`, reason]),
  ]);
  return table(['agent', 'tools', 'why'], rows);
}

/** Tools of one reason together. */
function byReason(reasons: Readonly<Record<string, string>>): [string, string][] {
  const groups = new Map<string, string[]>();
  for (const [name, reason] of Object.entries(reasons))
    groups.set(reason, [...(groups.get(reason) ?? []), name]);
  return [...groups].map(([reason, names]) => [inCode(names), reason]);
}
