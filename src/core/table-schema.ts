/** The schema of a manageable's table: the keys that all kinds share, and those of its own. */
import * as v from 'valibot'
import { ID_LIMIT, ID_PATTERN, refuseId } from './id.ts'
import type { ManageableTable } from './manageable.ts'

const COMMON_ENTRIES = {
  id: v.pipe(
    v.string(),
    v.description(
      'ID of the manageable: what patterns are matched against. It becomes the name of a directory.',
    ),
    v.metadata({ pattern: ID_PATTERN.source, maxLength: ID_LIMIT }),
    v.rawTransform(({ dataset, addIssue }) => {
      const reason = refuseId(dataset.value)
      if (reason !== undefined) addIssue({ message: reason })
      return dataset.value
    }),
  ),
  comment: v.pipe(v.optional(v.string(), ''), v.description('What the manageable is, for people.')),
}

/** What a table is checked with. */
export type TableSchema = v.GenericSchema<unknown, ManageableTable>

/** @param entries the keys of the kind */
export function tableSchema(entries: v.ObjectEntries): TableSchema {
  return v.strictObject({ ...COMMON_ENTRIES, ...entries })
}
