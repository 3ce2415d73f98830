// Forms of posts: wordings to start from, with the names of what is affected in them. What somebody typed is never replaced
// unasked; what was filled in follows what is chosen.

for (const starts of document.querySelectorAll('[data-starts]')) {
  const form = starts.form
  const { title, body, status } = form.elements
  // What stands in a field because it was filled in here, and what it was made of.
  const filled = new Map()
  const isOurs = (field) => !field.value || field.value === filled.get(field)?.text

  const names = () => {
    const affected = [...form.querySelectorAll('[data-component]')].filter((one) => one.value).map((one) => one.dataset.name)
    const said = affected.slice(0, 3)
    if (affected.length > 3) said.push(`${affected.length - 3} ${starts.dataset.more}`)
    if (!said.length) return starts.dataset.unnamed
    return new Intl.ListFormat(starts.dataset.language, { type: 'conjunction' }).format(said)
  }
  const fill = (field, wording) => {
    field.value = wording.replace('{names}', names)
    filled.set(field, { wording, text: field.value })
  }

  starts.addEventListener('change', () => {
    const chosen = starts.selectedOptions[0]
    if (!chosen.dataset.text) return
    if (!isOurs(body) && !confirm('Replace the words that are there?')) return
    fill(body, chosen.dataset.text)
    // What is told afterwards is over, whatever it says.
    if (!form.elements.resolved_at) status.value = chosen.value
  })
  form.addEventListener('change', (event) => {
    if (!event.target.dataset.component) return
    if (title?.dataset.text && isOurs(title)) fill(title, title.dataset.text)
    const known = filled.get(body)
    if (known && isOurs(body)) fill(body, known.wording)
  })
}

// The living part is newer than the forms below it: they are sent over what is shown, and whoever types is told.
const live = document.getElementById('live')
if (live?.querySelector('[data-version]')) {
  new MutationObserver(() => {
    const tag = `"${live.querySelector('[data-version]').dataset.version}"`
    for (const form of document.querySelectorAll('form[data-etag]')) {
      if (form.dataset.etag === tag) continue
      form.dataset.etag = tag
      if (!form.querySelector('[data-starts]') || form.querySelector('.meanwhile')) continue
      const words = document.createElement('p')
      words.className = 'hint meanwhile'
      words.setAttribute('role', 'status')
      words.textContent = 'Something was said or changed since you opened this: see above.'
      form.querySelector('button.primary').before(words)
    }
  }).observe(live, { childList: true })
}
