import type { Provider, VendorFacts } from '../../src/core/agents/contract/provider.ts';
import { gemini } from '../../src/core/agents/gemini/gemini.ts';
import { allProviders } from '../../src/core/agents/registry.ts';
import { type Page, table } from './page.ts';

export const agentsPage: Page = { path: 'docs/agents.md', render };

function render(): string {
  return `# Agents

<!-- Written by \`npm run docs\` from the facts of each provider in src/. Change the code, then run it again. -->

The CLI that [\`PROVIDER\`](settings.md) names does the work, under your own account. Its vendor decides who may log in, and changes that. The table says
what was read and tried, and when; \`samocode doctor\` says in one line when what it knows of your agents is more than 90 days old.

${agentsTable()}

\`PROVIDER=acp\` starts [any other agent](guides/any-agent.md) of the Agent Client Protocol.

## Gemini CLI

It takes ${gemini.facts.accounts}. It refuses ${gemini.facts.refused}.

## Antigravity CLI

<!-- needs a login -->

    PROVIDER=antigravity

It cannot be installed for tests, so \`PROVIDER=antigravity\` was **not tried with the real program**. Its documentation and the reports of its users differ, and samocode
uses only what they have in common: \`agy\` reads the prompt from its input, prints plain text, and exits.

- **Only where you name it**: in \`PROVIDER\`, \`PROVIDER_<PHASE>\`, \`FALLBACK\`, or for a session. Reviews, too, ask it only then.
- **The login** that \`agy\` makes is in the system's keyring, which agents in the sandbox cannot use ([which ways there are](security.md#the-clis-state-and-login)). With a key,
  \`GEMINI_API_KEY\` and \`"modelProvider": "gemini"\` in \`~/.gemini/antigravity-cli/settings.json\`, no keyring is needed.
- **Only in the sandbox**, because a repository can name programs that it starts. \`ACP_WITHOUT_GUARD=yes\` opens it as for the
  [other agents](guides/any-agent.md#what-is-different). With \`SANDBOX=strict\`, name the hosts of its service in \`SANDBOX_HOSTS\`.
- **Limits that hold**: \`MAX_HOURS\`, \`MAX_ITERATIONS\` and \`TIMEOUT\`. Money and tokens are not reported, so \`MAX_COST_USD\`, \`MAX_COST_USD_PER_DAY\` and \`MAX_TOKENS\` are
  refused with it. \`PERMISSIONS=allow\` is refused as well.
- **An exit status other than 0, or no output at all, is a failure**: the session says which, with the last lines. Older versions print nothing without a terminal: update it. A
  usage limit is not recognised; it counts as a failure.
- **Servers**: with \`MCP\` it is refused, and servers that a plan proposes do not reach its agents.
- No conversation is continued, and while agents run, \`agy\` does not update itself.
`;
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
