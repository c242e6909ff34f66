/**
 * How long starting, listing and stopping 100 sleeps takes with the process managers that are installed here, beside
 * SPMI's native backend. Nothing is installed: what is missing is named. Each gets its own sockets and folders.
 */
import { SleepWatch } from '../marked-processes.ts'
import { type Comparison, type Findings, time } from '../measure.ts'
import { makeIds, makeSleepTime, type Scratch } from '../scratch.ts'

const COUNT = 100
const ROUNDS = 3

/**
 * A process manager, by the scripts in which a user would drive it. They get $1, the argument of sleep; $2, how many; $3,
 * a folder; $4, a word that nothing else has in its name. What they start inherits the mark of the benchmarks.
 */
interface Peer {
  readonly name: string
  /** Whether it is installed is told by this one. */
  readonly program: string
  /** Not measured: its daemon. A failure means that it cannot be used here. */
  readonly prepare?: string
  readonly start: string
  readonly list: string
  readonly stop: string
  /** Not measured: the end of its daemon. */
  readonly finish?: string
  readonly environment?: Readonly<Record<string, string | undefined>>
}

const SUPERVISORD_CONFIG = `cat >"$3/supervisord.conf" <<END
[unix_http_server]
file=$3/supervisord.sock
[supervisord]
directory=$3
logfile=$3/supervisord.log
pidfile=$3/supervisord.pid
childlogdir=$3
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://$3/supervisord.sock
[program:sleeps]
command=sleep $1
process_name=%(process_num)d
numprocs=$2
autostart=false
END
supervisord -c "$3/supervisord.conf"`

const PM2_CONFIG = `{
  printf 'module.exports = { apps: ['
  i=0; while [ $i -lt "$2" ]; do printf '{name:"b%s",script:"sleep",args:"%s",interpreter:"none"},' $i "$1"; i=$((i+1)); done
  printf '] }'
} >"$3/ecosystem.config.js"
pm2 ping`

const LOOP = 'i=0; while [ $i -lt "$2" ]; do'
const NEXT = 'i=$((i+1)); done'

const PEERS: readonly Peer[] = [
  {
    name: 'pm2',
    program: 'pm2',
    prepare: PM2_CONFIG,
    start: 'pm2 start "$3/ecosystem.config.js"',
    list: 'pm2 list',
    stop: 'pm2 delete all',
    finish: 'pm2 kill',
  },
  {
    name: 'supervisord',
    program: 'supervisord',
    prepare: SUPERVISORD_CONFIG,
    start: 'supervisorctl -c "$3/supervisord.conf" start "sleeps:*"',
    list: 'supervisorctl -c "$3/supervisord.conf" status || [ $? -eq 3 ]', // 3: one of them does not run
    stop: 'supervisorctl -c "$3/supervisord.conf" stop "sleeps:*"',
    finish: 'supervisorctl -c "$3/supervisord.conf" shutdown',
  },
  {
    name: 'pueue',
    program: 'pueued',
    prepare: 'pueued -d && sleep 1 && pueue parallel "$2"',
    start: `${LOOP} pueue add -- sleep "$1"; ${NEXT}`,
    list: 'pueue status',
    stop: 'pueue kill --all',
    finish: 'pueue shutdown',
  },
  {
    name: 'task-spooler',
    program: 'tsp',
    prepare: 'tsp -S "$2"',
    start: `${LOOP} tsp sleep "$1"; ${NEXT}`,
    list: 'tsp',
    stop: 'for pid in $(tsp | awk \'$2 == "running" { print $1 }\'); do tsp -k "$pid"; done',
    finish: 'tsp -K',
  },
  {
    name: 'nq',
    program: 'nq',
    start: `rm -rf "$3/queues"; mkdir "$3/queues"; ${LOOP} NQDIR="$3/queues/$i" nq -c sleep "$1"; ${NEXT}`, // a queue runs one at a time: one for each
    list: `${LOOP} NQDIR="$3/queues/$i" nq -t || [ $? -eq 1 ]; ${NEXT}`, // 1: it runs
    // biome-ignore lint/suspicious/noTemplateCurlyInString: for sh
    stop: 'for job in "$3"/queues/*/,*; do kill -- "-${job##*.}"; done', // as its manual says
  },
  {
    name: 'systemd-run --user',
    program: 'systemd-run',
    prepare: 'systemctl --user show-environment',
    start: `${LOOP} systemd-run --user -q --collect --unit="$4-$i" --setenv="SPMI_BENCH=$SPMI_BENCH" sleep "$1"; ${NEXT}`,
    list: 'systemctl --user list-units "$4-*"',
    stop: 'systemctl --user stop "$4-*"',
    environment: { XDG_RUNTIME_DIR: process.env.XDG_RUNTIME_DIR },
  },
  {
    name: 'screen',
    program: 'screen',
    start: `${LOOP} screen -dmS "$4-$i" sleep "$1"; ${NEXT}`,
    list: 'screen -ls || [ $? -eq 1 ]', // 1 in some versions, whatever there is
    stop: `${LOOP} screen -S "$4-$i" -X quit; ${NEXT}`,
  },
  {
    name: 'tmux',
    program: 'tmux',
    start: `${LOOP} tmux -L "$4" -f /dev/null new-session -d -s "b$i" "exec sleep $1"; ${NEXT}`,
    list: 'tmux -L "$4" list-sessions',
    stop: 'tmux -L "$4" kill-server',
  },
]

/** What one round takes, step by step, in milliseconds. */
interface Steps {
  readonly start: number[]
  readonly list: number[]
  readonly stop: number[]
}

/** Measures SPMI and the peers that are installed. */
export async function measurePeers(scratch: Scratch): Promise<Findings> {
  const seconds = makeSleepTime()
  const pool = scratch.makePool('peers')
  await pool.load(makeIds(COUNT), `sleep ${seconds}`)
  const spmi = await measureSteps(seconds, {
    start: () => pool.spmi('start', '.*'),
    list: () => pool.spmi('list'),
    stop: () => pool.spmi('stop', '.*'),
  })
  const comparisons: Comparison[] = []
  const missing: string[] = []
  const remarks: string[] = []
  for (const peer of PEERS) {
    if (Bun.which(peer.program) === null) {
      missing.push(peer.name)
      continue
    }
    console.error(`   ${peer.name}`)
    try {
      comparisons.push(...compare(peer, await measurePeer(scratch, peer), spmi))
    } catch (error) {
      remarks.push(`peers: ${peer.name} was skipped: ${(error as Error).message}`)
    }
  }
  if (missing.length > 0) remarks.push(`peers: not installed here: ${missing.join(', ')}`)
  return { comparisons, remarks }
}

async function measurePeer(scratch: Scratch, peer: Peer): Promise<Steps> {
  const seconds = makeSleepTime()
  const args = [seconds, String(COUNT), scratch.folder, `bench${process.pid}`]
  const run = (script: string) => scratch.sh(script, args, peer.environment)
  if (peer.prepare !== undefined) await run(peer.prepare)
  try {
    return await measureSteps(seconds, {
      start: () => run(peer.start),
      list: () => run(peer.list),
      stop: () => run(peer.stop),
    })
  } finally {
    if (peer.finish !== undefined) await run(peer.finish)
  }
}

async function measureSteps(
  seconds: string,
  act: Readonly<Record<keyof Steps, () => Promise<unknown>>>,
): Promise<Steps> {
  const watch = new SleepWatch(seconds)
  const steps: Steps = { start: [], list: [], stop: [] }
  for (let round = 0; round < ROUNDS; round++) {
    watch.begin()
    steps.start.push(
      await time(async () => {
        await act.start()
        await watch.awaitCount(COUNT)
      }),
    )
    const pids = watch.list()
    steps.list.push(await time(act.list))
    steps.stop.push(
      await time(async () => {
        await act.stop()
        await watch.awaitEnd(pids)
      }),
    )
  }
  return steps
}

function compare({ name }: Peer, peer: Steps, spmi: Steps): Comparison[] {
  return (['start', 'list', 'stop'] as const).map(step => ({
    scenario: `peer ${step}-${COUNT}`,
    unit: 'ms',
    subject: { label: name, values: peer[step] },
    floor: { label: `spmi ${step} (native)`, values: spmi[step] },
  }))
}
