// Package drawing is paper for pictures: what is drawn on a Sheet is written as SVG or as PNG, and looks the same. It
// knows nothing of runs.
package drawing

// Sheet is a picture under way. Lengths are pixels of the SVG.
type Sheet struct {
	Width, Height float64
	Title         string // what it shows, for whoever cannot see it

	shapes []shape
}

// Point is a place on a sheet, from its upper left corner.
type Point struct{ X, Y float64 }

// Style is how a shape looks.
type Style struct {
	Fill    string  // #rrggbb; "" = none
	Stroke  string  // #rrggbb; "" = none
	Width   float64 // of the stroke; 0 = 1
	Dash    float64 // the length of its dashes; 0 = none
	Opacity float64 // 0 = opaque
	Class   string  // what it stands for
	Title   string  // what it says when it is pointed at
}

// Font is how a text looks.
type Font struct {
	Size   float64
	Bold   bool
	Colour string // "" = black
	Align  Align
}

// Align is which part of a text stands at its place.
type Align string

// The parts of a text.
const (
	Begin  Align = ""
	Middle Align = "middle"
	End    Align = "end"
)

// shape is a path of lines, dots, or a text.
type shape struct {
	points []Point
	closed bool
	radius float64 // of a dot at each point; 0 = they are a path
	style  Style
	text   string
	font   Font
}

// Line draws a line.
func (s *Sheet) Line(x1, y1, x2, y2 float64, of Style) {
	s.Path([]Point{{x1, y1}, {x2, y2}}, false, of)
}

// Rect draws a rectangle.
func (s *Sheet) Rect(x, y, width, height float64, of Style) {
	s.Path([]Point{{x, y}, {x + width, y}, {x + width, y + height}, {x, y + height}}, true, of)
}

// Path draws lines from point to point.
func (s *Sheet) Path(points []Point, closed bool, of Style) {
	if len(points) > 1 {
		s.shapes = append(s.shapes, shape{points: points, closed: closed, style: of})
	}
}

// Dots draws a full dot at each point.
func (s *Sheet) Dots(points []Point, radius float64, of Style) {
	if len(points) > 0 {
		s.shapes = append(s.shapes, shape{points: points, radius: radius, style: of})
	}
}

// Text writes text: x and y are where its base line is.
func (s *Sheet) Text(x, y float64, text string, of Font) {
	if text != "" {
		s.shapes = append(s.shapes, shape{points: []Point{{x, y}}, text: text, font: of})
	}
}
