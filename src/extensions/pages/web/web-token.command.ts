import type { Command } from 'commander';
import type { Cli } from '../../../core/kit/terminal/cli.ts';
import { withSharedOptions } from '../../../core/kit/terminal/shared-options.ts';

/** Adds `samocode web token`, which manages who may connect to `samocode web --mcp`. */
export function addWebToken(web: Command, cli: Cli): void {
  const { output } = cli;
  const token = web.command('token').description('Manage the tokens of MCP clients on other machines');
  withSharedOptions(token.command('add <name>'))
    .description('Add a token for one client, and show it once')
    .option('--read-only', 'offer the client only the tools that change nothing')
    .action(async (name: string, { readOnly: isReadOnly = false }: { readOnly?: boolean }) => {
      const { addToken } = await import('./tokens.ts');
      const text = await addToken({ name, isReadOnly }, await cli.actionContext());
      const { good, accent } = output.style;
      output.result({ name, isReadOnly, token: text }, () =>
        output.isLive
          ? [
              `${good('✔')} ${accent(text)}`,
              `  It is not shown again. What its holder does is recorded as done by ${name}.`,
              `  To withdraw it: samocode web token revoke ${name}`,
            ].join('\n')
          : text,
      );
    });
  withSharedOptions(token.command('list', { isDefault: true }))
    .description('List the tokens by their names')
    .action(async () => {
      const { readTokens } = await import('./tokens.ts');
      const tokens = readTokens(cli.home).map(({ hash: _, ...shown }) => shown);
      output.result({ tokens }, () =>
        tokens.length === 0
          ? 'There are no tokens. To add one: samocode web token add <name>'
          : tokens
              .map(({ name, isReadOnly, addedAt }) => `${name}\t${addedAt}${isReadOnly ? '\tread-only' : ''}`)
              .join('\n'),
      );
    });
  withSharedOptions(token.command('revoke <name>'))
    .description('Revoke a token; connected clients lose access, too')
    .action(async (name: string) => {
      const { revokeToken } = await import('./tokens.ts');
      await revokeToken(name, await cli.actionContext());
      output.result({ name, revoked: true }, () => `${output.style.good('✔')} ${name} can connect no more.`);
    });
}
