use super::{Method, OTHER};

/// The methods that a label shows. All others are `_OTHER`.
#[derive(Debug, Default)]
pub(crate) struct Methods {
    /// `None` if they are the standard ones.
    listed: Option<Vec<&'static str>>,
}

/// How many methods can be listed that are no standard ones: so many numbers are left.
pub(crate) const MAX_METHODS: usize = 52;

impl Methods {
    /// These names last as long as the process.
    pub(super) fn new(listed: Option<Vec<String>>) -> Self {
        let leak = |name: String| &*name.leak();
        let listed = listed.map(|names| names.into_iter().map(leak).collect());
        Self { listed }
    }

    /// The method of a request. A standard one keeps its number, listed or not: what it means for a response does not
    /// change.
    #[inline]
    pub(crate) fn of(&self, method: &http::Method) -> Method {
        Method::standard(method).unwrap_or_else(|| self.extension(method))
    }

    #[cold]
    fn extension(&self, method: &http::Method) -> Method {
        let listed = self.listed.as_deref().unwrap_or_default();
        let mut extensions = listed.iter().filter(|name| !Method::is_standard(name));
        let index = extensions.position(|name| *name == method.as_str());
        index.map_or(Method::OTHER, Method::extension)
    }

    /// What a label shows.
    pub(crate) fn name(&self, method: Method) -> &'static str {
        let Some(listed) = &self.listed else {
            return method.standard_name().unwrap_or(OTHER);
        };
        let mut extensions = listed.iter().filter(|name| !Method::is_standard(name));
        let name = match method.standard_name() {
            Some(standard) => listed.iter().find(|name| **name == standard),
            None => method
                .extension_index()
                .and_then(|index| extensions.nth(index)),
        };
        name.copied().unwrap_or(OTHER)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(methods: &Methods, name: &str) -> &'static str {
        methods.name(methods.of(&name.parse().unwrap()))
    }

    fn listing(names: &[&str]) -> Methods {
        Methods::new(Some(names.iter().map(ToString::to_string).collect()))
    }

    #[test]
    fn without_a_list_the_standard_ones_are_known() {
        let methods = Methods::default();
        for name in [
            "GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS", "CONNECT", "TRACE", "QUERY",
        ] {
            assert_eq!(shown(&methods, name), name);
        }
        for name in ["BREW", "get", "GETS", "G", "PROPFIND"] {
            assert_eq!(shown(&methods, name), "_OTHER");
        }
    }

    #[test]
    fn a_list_replaces_them() {
        let methods = listing(&["GET", "PROPFIND", "REPORT"]);
        for name in ["GET", "PROPFIND", "REPORT"] {
            assert_eq!(shown(&methods, name), name);
        }
        for name in ["POST", "HEAD", "QUERY", "MKCOL"] {
            assert_eq!(shown(&methods, name), "_OTHER");
        }
    }

    #[test]
    fn as_many_can_be_listed_as_there_are_numbers() {
        let names: Vec<_> = (0..MAX_METHODS).map(|index| format!("M{index}")).collect();
        let methods = Methods::new(Some(names.clone()));
        for name in &names {
            assert_eq!(shown(&methods, name), name);
            assert!(methods.of(&name.parse().unwrap()).number() < 64);
        }
    }
}
