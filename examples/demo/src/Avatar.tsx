/** A user's initial in the user's colour; a group's in none. */
import type { CSSProperties, ReactElement } from 'react'
import { hueOf, nameOf } from './names.js'

export function Avatar({ user, group }: { readonly user: string; readonly group?: boolean }): ReactElement {
  const style = { '--hue': hueOf(user) } as CSSProperties
  return (
    <span className={group ? 'avatar group' : 'avatar'} style={style} aria-hidden="true">
      {group ? '#' : nameOf(user).charAt(0)}
    </span>
  )
}
