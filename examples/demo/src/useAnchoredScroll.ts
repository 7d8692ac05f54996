/**
 * Keeps what one looks at where it is: at the end it stays at the end, elsewhere the first row on the screen keeps its place
 * while history grows above it. Asks for more near an edge.
 */
import type { ConversationState } from 'chatloom/react'
import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react'

const nearEnd = 40
const nearEdge = 600

interface Anchored {
  readonly box: RefObject<HTMLDivElement | null>
  readonly atEnd: boolean
  readonly onScroll: () => void
  readonly toEnd: () => void
}

export function useAnchoredScroll(talk: Pick<ConversationState, 'hasOlder' | 'hasNewer' | 'loadOlder' | 'loadNewer'>): Anchored {
  const { hasOlder, hasNewer, loadOlder, loadNewer } = talk
  const box = useRef<HTMLDivElement>(null)
  const anchor = useRef<{ readonly key: string; readonly top: number }>(undefined)
  const loading = useRef(false)
  const stick = useRef(true)
  const [atEnd, setAtEnd] = useState(true)

  const look = useCallback(() => {
    const element = box.current
    if (!element) return
    stick.current = element.scrollHeight - element.scrollTop - element.clientHeight < nearEnd
    anchor.current = firstShown(element)
    setAtEnd(stick.current)
    const load =
      element.scrollTop < nearEdge && hasOlder
        ? loadOlder
        : element.scrollHeight - element.scrollTop - element.clientHeight < nearEdge && hasNewer
          ? loadNewer
          : undefined
    if (!load || loading.current) return
    loading.current = true
    // Offline it rejects; the next scroll asks again.
    void load()
      .catch(() => {})
      .finally(() => {
        loading.current = false
      })
  }, [hasOlder, hasNewer, loadOlder, loadNewer])

  const restore = useCallback(() => {
    const element = box.current
    if (!element) return
    const held = anchor.current
    if (stick.current) element.scrollTop = element.scrollHeight
    else if (held) {
      const row = element.querySelector<HTMLElement>(`[data-key="${CSS.escape(held.key)}"]`)
      if (row) element.scrollTop += row.getBoundingClientRect().top - element.getBoundingClientRect().top - held.top
    }
    look()
  }, [look])

  // After every commit: rows, dividers and days all move the page.
  useLayoutEffect(restore)

  useEffect(() => {
    const observer = new ResizeObserver(restore)
    if (box.current) observer.observe(box.current)
    return () => observer.disconnect()
  }, [restore])

  const toEnd = useCallback(() => {
    stick.current = true
    setAtEnd(true)
    const element = box.current
    if (element) element.scrollTop = element.scrollHeight
  }, [])

  return { box, atEnd, onScroll: look, toEnd }
}

function firstShown(element: HTMLElement): { key: string; top: number } | undefined {
  const edge = element.getBoundingClientRect().top
  const rows = [...element.querySelectorAll<HTMLElement>('[data-key]')]
  const row = rows.find((one) => one.getBoundingClientRect().bottom > edge)
  return row && { key: row.dataset.key ?? '', top: row.getBoundingClientRect().top - edge }
}
