/** Each entry migrates the schema to the next version. A released migration is never changed in effect. */
export const MIGRATIONS: readonly string[] = [
  `
  create table samocode_pool.hosts (
    id text primary key, name text not null, project text not null, labels text[] not null,
    person text not null default session_user, seen timestamptz not null default now());

  create table samocode_pool.sessions (
    id text primary key, project text not null, folder text not null, needs text[] not null,
    wanted boolean not null default true,
    -- Counted in this row, so that giving the session back waits for an act that is being inserted.
    acts_open int not null default 0,
    host text, epoch int not null default 0, until timestamptz,
    not_before timestamptz not null default now(), state text, card jsonb);
  create index on samocode_pool.sessions (host) where host is not null;
  -- Leaves out the many sessions that wait for a person or are done.
  create index on samocode_pool.sessions (project, id) where acts_open > 0 or wanted;

  create table samocode_pool.acts (
    id text primary key, session text not null references samocode_pool.sessions, command text not null,
    person text not null default session_user, at timestamptz not null default now(), settled_at timestamptz);
  create index on samocode_pool.acts (session) where settled_at is null;

  -- Runs with the rights of the owner, so that a role that may act needs no right to update sessions.
  create function samocode_pool.act_came() returns trigger
    language plpgsql security definer set search_path = samocode_pool, pg_temp as $$
  declare
    listener text;
  begin
    update sessions set acts_open = acts_open + 1 where id = new.session
      returning coalesce(host, project) into listener;
    perform pg_notify('samocode_pool', listener);
    return null;
  end $$;
  create trigger act_came after insert on samocode_pool.acts
    for each row execute function samocode_pool.act_came();
  `,
];

/** Roles belong to the whole server. If this login may not create them, an administrator has to. */
export const ROLES = `
  do $$ begin
    if to_regrole('samocode_people') is null then create role samocode_people nologin; end if;
    if to_regrole('samocode_hosts') is null then create role samocode_hosts nologin; end if;
  exception when insufficient_privilege or duplicate_object or unique_violation then null;
  end $$;
  do $$
  declare
    role text;
  begin
    for role in select rolname from pg_roles where rolname in ('samocode_people', 'samocode_hosts') loop
      execute format('grant usage on schema samocode_pool to %I', role);
      execute format('grant select on all tables in schema samocode_pool to %I', role);
      -- Excludes the column person, whose default is the login role.
      execute format('grant insert (id, session, command) on samocode_pool.acts to %I', role);
      if role = 'samocode_hosts' then
        grant insert, update on samocode_pool.sessions to samocode_hosts;
        grant insert (id, name, project, labels), update (name, project, labels, seen)
          on samocode_pool.hosts to samocode_hosts;
        grant update (settled_at) on samocode_pool.acts to samocode_hosts;
      end if;
    end loop;
  end $$;
`;

/** $1 host, $2 its name, $3 project, $4 labels, $5 lease in milliseconds. */
export const RENEW = `
  with beat as (
    insert into samocode_pool.hosts (id, name, project, labels) values ($1, $2, $3, $4)
    on conflict (id) do update set name = $2, project = $3, labels = $4, seen = now()),
  held as (
    update samocode_pool.sessions set until = now() + $5 * interval '1 ms' where host = $1 returning id, epoch)
  select s.id, s.project, s.folder, s.needs, s.wanted or s.acts_open > 0 as wanted, s.host, s.epoch, s.state, s.card,
    held.epoch as held,
    (s.host is null or s.until < now()) and (s.acts_open > 0 or s.wanted and s.not_before <= now()) as open,
    case when held.epoch is not null and s.acts_open > 0 then (
      select json_agg(json_build_object('id', id, 'session', session, 'command', command, 'person', person) order by id)
      from samocode_pool.acts where session = s.id and settled_at is null) end as acts
  from samocode_pool.sessions s left join held on held.id = s.id where s.project = $3`;

/** $1 project, $2 lease in milliseconds. */
export const HOSTS = `
  select id, name, project, labels from samocode_pool.hosts
  where project = $1 and seen > now() - $2 * interval '1 ms'`;

/** $1 host, $2 project, $3 labels, $4 lease in milliseconds, $5 how many, $6 whether expired leases count. */
export const CLAIM = `
  with open as (
    select id, host as before from samocode_pool.sessions
    where project = $2 and needs <@ $3 and (host is null or until < now() and $6)
      and (acts_open > 0 or wanted and not_before <= now())
    order by id limit $5 for update skip locked)
  update samocode_pool.sessions s
  set host = $1, epoch = epoch + 1, until = now() + $4 * interval '1 ms', wanted = true
  from open where s.id = open.id
  returning s.id, s.project, s.folder, s.needs, s.wanted, s.host, s.epoch, s.state, s.card, open.before`;

/** $1 session, $2 project, $3 folder, $4 needs, $5 state. */
export const OFFER = `
  with made as (
    insert into samocode_pool.sessions (id, project, folder, needs, state) values ($1, $2, $3, $4, $5)
    on conflict do nothing returning project)
  select pg_notify('samocode_pool', project) from made`;

/** $1 session, $2 host, $3 epoch, $4 wanted, $5 state, $6 milliseconds. Repeating a call has no further effect. */
export const GIVE_BACK = `
  with given as (
    update samocode_pool.sessions
    set host = null, until = null, wanted = $4, state = $5, not_before = now() + $6 * interval '1 ms'
    where id = $1 and (host = $2 or host is null) and epoch = $3 and acts_open = 0
    returning project, wanted and not_before <= now() as open)
  select case when open then pg_notify('samocode_pool', project) end from given`;

/** $1 session, $2 host, $3 epoch, $4 state, $5 card, $6 wanted. Sends no notification: few updates matter to others. */
export const INDEX = `
  update samocode_pool.sessions set state = $4, card = $5, wanted = $6 where id = $1 and host = $2 and epoch = $3`;

/** $1 id, $2 session, $3 command. */
export const ACT = `
  insert into samocode_pool.acts (id, session, command) values ($1, $2, $3) on conflict do nothing`;

export const SETTLE = `
  with done as (
    update samocode_pool.acts set settled_at = now() where id = any($1) and settled_at is null returning session)
  update samocode_pool.sessions s set acts_open = acts_open - settled
  from (select session, count(*)::int as settled from done group by session) d where s.id = d.session`;
