/**
 * Every file of a pool: its name, its meaning and its one writer. Nothing is ever rewritten in place but the journal, by its own wrapper, and
 * the last byte of a record, once, by one write: all else appears by rename, or with O_EXCL, or is appended to.
 *
 *   $SPMI_PATH/                   0700, ours alone
 *   ├── .spmi/                    load    what belongs to the pool as a whole
 *   │   ├── format                load    the version of this layout; a newer one is refused
 *   │   └── plugins/              user    one module per class
 *   ├── .new-*, .gone-*           load, clean   half made or half removed; swept when their maker is dead
 *   └── <id>/                     load    appears by rename: loaded whole or not at all
 *       ├── descriptor.toml|…     load    the user's bytes, untouched
 *       ├── manageable.json       load    the same, checked and normalised: what every other command reads
 *       │                                 (the first start puts a mark at its end before it makes runs/)
 *       ├── loaded                load    when, as an ISO 8601 time, and from which folder
 *       ├── .reload/              reload  new ones of these three, until they are in their places; see replacement.ts
 *       └── runs/                 start   made by the first start
 *           ├── .new-*, .gone-*   start, prune   half made or half removed
 *           └── <n>/              start   appears by rename, which fails on an existing run: one starter wins
 *               ├── run.sh        start   exactly what ran, readable
 *               ├── env           start   0600: the environment for the command
 *               ├── starter       start   who starts it, the run's name, and its backend
 *               ├── submitted     start   the backend's own id, where it has one
 *               ├── asked.*       stop, kill, signal, pause, resume   who asked for what and when; a name of its own for each
 *               ├── journal       wrapper made with O_EXCL, which claims the run; see journal.ts
 *               ├── journal.*     wrapper the same of earlier attempts, where a backend ran the script again
 *               ├── backend.log   backend what it has to say of the job
 *               ├── stdout, stderr  the command (stdout alone when mixed)
 *               └── stdin         start   FIFO, read while the run lives
 */
import { join } from 'node:path'

/** The version of the layout that this program writes. */
export const FORMAT = 1

/** Files of a pool. */
export const poolFiles = (pool: string) => ({
  own: join(pool, '.spmi'),
  format: join(pool, '.spmi', 'format'),
  plugins: join(pool, '.spmi', 'plugins'),
})

// Functions, not tables of ready names: a list of 10,000 manageables needs one name of each.

/** Files of a loaded manageable, by its directory. */
export const manageableFiles = {
  record: (directory: string) => `${directory}/manageable.json`,
  loaded: (directory: string) => `${directory}/loaded`,
  runs: (directory: string) => `${directory}/runs`,
  descriptor: (directory: string, format: string) => `${directory}/descriptor.${format}`,
  stage: (directory: string) => `${directory}/.reload`,
  run: (directory: string, number: number) => `${directory}/runs/${number}`,
}

/** Whether a file of a manageable is its descriptor. */
export function isDescriptor(name: string): boolean {
  return name.startsWith('descriptor.')
}

/** Files of one run, by its directory. */
export const runFiles = {
  script: (directory: string) => `${directory}/run.sh`,
  environment: (directory: string) => `${directory}/env`,
  starter: (directory: string) => `${directory}/starter`,
  submitted: (directory: string) => `${directory}/submitted`,
  asked: (directory: string, suffix: string) => `${directory}/asked.${suffix}`,
  journal: (directory: string) => `${directory}/journal`,
  stdout: (directory: string) => `${directory}/stdout`,
  stderr: (directory: string) => `${directory}/stderr`,
  stdin: (directory: string) => `${directory}/stdin`,
}
