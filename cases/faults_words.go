package cases

import (
	"fmt"
	"maps"
	"slices"
)

func (c *checker) alarms() {
	seen := map[string]bool{}
	for i, a := range c.o.Rules.Alarms {
		path := fmt.Sprintf("rules.alarms[%d]", i)
		if a.Name == "" {
			c.add(path+".name", "an alarm needs a name")
		} else if seen[a.Name] {
			c.add(path+".name", "the alarm %q is there twice", a.Name)
		}
		seen[a.Name] = true
		for _, lang := range slices.Sorted(maps.Keys(a.Words)) {
			c.language(path+".words."+lang, lang)
			for k, phrase := range a.Words[lang] {
				if plainWords(phrase) == "" {
					c.add(fmt.Sprintf("%s.words.%s[%d]", path, lang, k), "%q has no letters or digits", phrase)
				}
			}
		}
	}
}

func (c *checker) learning() {
	l := c.o.Learning
	if l.Confidence < 0 || l.Confidence > 1 {
		c.add("learning.confidence", "%v is not between 0 and 1", l.Confidence)
	}
	if l.Minimum < 0 {
		c.add("learning.minimum", "must not be negative")
	}
}

func (c *checker) facts() {
	for i, f := range c.o.Facts {
		path := fmt.Sprintf("facts[%d]", i)
		if f.Name == "" {
			c.add(path+".name", "a fact needs a name")
		}
		if len(f.Pattern) > maxFactPattern {
			c.add(path+".pattern", "is longer than %d characters", maxFactPattern)
		}
		if len(f.Labels) > maxFactLabels {
			c.add(path+".labels", "are more than %d", maxFactLabels)
		}
		for k, label := range f.Labels {
			if plainWords(label) == "" {
				c.add(fmt.Sprintf("%s.labels[%d]", path, k), "%q has no letters or digits", label)
			}
		}
		re, err := f.compile()
		switch {
		case err != nil:
			c.add(path+".pattern", "%s; it is an RE2 expression", err)
		case f.Pattern != "" && re.NumSubexp() > 1:
			c.add(path+".pattern", "has a group; write (?:…) in place of (…)")
		}
	}
}
