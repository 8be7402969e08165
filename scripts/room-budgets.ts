/**
 * The maximum number of lines in each room of src. A total has no owner, but a budget does: `tests/architecture.test.ts`
 * fails when a room exceeds its own. A higher number needs its reason beside it and in the same commit; a new capability
 * adds a row.
 */
export const BUDGETS: Readonly<Record<string, number>> = {
  // 4,200 and: red bases, a proof's folders, several problems in one error, strict levels, hidden characters,
  // leases of other machines
  'base, phases': 4_589,
  // 7,000 and: red bases, pull requests and their rounds, given plans, estimates, order and time of starts,
  // issues, pools, states that a dead worker did not save for its pool; 190 more than these need
  session: 8_594,
  // 6,850 and: private git folders, proofs that believe only the commit, cut-off git calls, proposed
  // commands, strict settings, states for a pool
  project: 8_770,
  // 3,950 and: home open by name, an empty home for checks, sockets, the strict sandbox, hidden logins,
  // agents of the Agent Client Protocol, one shared login shell
  providers: 5_992,
  // what GitHub is to us through gh: calls and their types, checked answers, seven kinds of failure
  forge: 1_002,
  // sessions go on elsewhere when a machine dies: boards on git and PostgreSQL, published states, claims,
  // fences, members, trust (1,800 was the estimate)
  pool: 2_819,
  // 7,600 and: collecting from private git, home compared, red bases, strict folders, starts in an order,
  // rounds, agents of the protocol, states for a pool and which of them are saved
  worker: 8_819,
  // 1,350 and: polls of pull requests, order of starts, labelled issues, pools
  supervisor: 1_528,
  // every problem of a start at once, line comments, refusals of watches and limits, the live page's address,
  // sessions on other machines
  'acts/common': 2_854,
  // watched pull requests, and rounds: what starts one, what its agents read, pushing and answering
  'acts/after': 877,
  // prune, and results of base checks
  'acts/clean-up': 472,
  // a pull request's text for its reviewer, unattended pushes, comments on issues, archives of old folders
  'acts/finish': 1_559,
  // questions and plans at every face, plans edited by a person
  'acts/gates': 1_618,
  // whether a labelled issue may start a session, its claim by a branch, stops and releases
  'acts/intake': 335,
  // ntfy, Slack, Discord and Standard Webhooks beside desktop, command and Telegram; news of pull requests
  'acts/notify': 3_119,
  // repeating a proof, also of a pull request by trusted commands; what is partly shown
  'acts/proof': 1_014,
  // the action for GitHub: the event, the fetch, the summary
  action: 327,
  // lists, waits, costs, short proofs; files are read again only when they have changed
  'acts/reading': 2_620,
  // the parts of the report, shared by file, live page and chat
  'acts/report': 2_083,
  // joining, leaving, trusting, and the status of a pool
  'acts/pool': 610,
  // a diff or plan with comments between its lines
  'acts/review': 146,
  // going back to a checkpoint, and undoing it
  'acts/rewind': 385,
  // starts by plan, issue, order, time and pool; resumes by round
  'acts/sessions': 2_225,
  // a project's first lines, and its trust
  'acts/set-up': 512,
  // the live screen: rows, finish, verify, editor, filter
  'acts/watch': 1_150,
  // what tools and commands are made of
  kit: 2_803,
  // doctor by client, ten clients to install, packages of the plugin, the service
  machine: 3_697,
  // tools, resources and prompts; MCP over HTTP; the board in the chat (291)
  server: 1_638,
  // the live page: requests that are refused, what it shows, its acts; diffs with comments; tokens of MCP
  // clients
  web: 1_962,
  // the list of commands, with examples
  cli: 859,
  // between the worker and an agent of the protocol: one conversation, one process
  'acp-runner': 250,
  // inside a strict sandbox
  relay: 65,
  // the scripted agent, and the demo's parent
  'demo, rehearsal': 1_298,
};
